"""The numbers behind the charts of an environment."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from controlplane.dashboard.paging import number
from controlplane.dashboard.reads import environments, measured


def chart(request: HttpRequest, actor: Actor, environment_id: int, metric: str) -> HttpResponseBase:
    """One chart of the last hours as JSON; asked again with the ETag of an answer, 304 while nothing new was measured."""
    environment = environments.one(actor, environment_id)
    if metric not in measured.METRICS:
        raise NotFound(f"There is no chart '{metric}'.", cure=f"There are: {', '.join(measured.METRICS)}.")
    found = measured.chart(environment, measured.METRICS[metric], hours(request), timezone.now())
    return _answer(request, JsonResponse(found))


def hours(request: HttpRequest) -> int:
    """The hours that the address asks for, if they are offered."""
    asked = number(request.GET.get("hours", ""))
    return asked if asked in measured.HOURS else measured.HOURS[0]


def _answer(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    etag = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
    response["ETag"] = etag
    return get_conditional_response(request, etag, response=response) or response
