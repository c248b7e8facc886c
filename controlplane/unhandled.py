"""What is answered when something failed before or around every view: a problem to the API, a page to people."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views import defaults

from controlplane.core.problems import OURS, plain_problem

API = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400: Django refused the request itself, such as one for another host."""
    if request.path.startswith(API):
        return plain_problem(request, 400, "bad_request", "This request cannot be read; its host or its headers are not valid.")
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404: an address of no room."""
    if request.path.startswith(API):
        return plain_problem(request, 404, "not_found", "There is nothing at this address; the API is at /api/v1/.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500: our mistake, which is in the log."""
    return plain_problem(request, 500, "internal", OURS) if request.path.startswith(API) else defaults.server_error(request)
