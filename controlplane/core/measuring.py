"""HTTP as this process sees it: how many requests, how they ended, how long they took."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# A long poll takes up to 25 s by intention.
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_requests = Counter(
    "timonel_http_requests", "Requests by room, method and status.", ["room", "method", "status"], registry=REGISTRY
)
_seconds = Histogram("timonel_http_seconds", "How long answers took, in seconds.", ["room"], registry=REGISTRY, buckets=BOUNDS)


class MeasuringMiddleware:
    """Counts each request. Labels are few and ours: nobody fills the memory by asking for odd things."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = self.get_response(request)
        room = "api" if request.path.startswith("/api/") else "pages"
        method = request.method if request.method in METHODS else "other"
        _requests.labels(room, method, str(response.status_code)).inc()
        _seconds.labels(room).observe(time.monotonic() - began)
        return response
