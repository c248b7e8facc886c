"""Metrics: how delivery goes, over a month or three, where the person may look."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from controlplane.core import kept
from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from controlplane.core.permissions import Verb
from controlplane.core.rights import reach
from controlplane.dashboard import places
from controlplane.dashboard.paging import number
from controlplane.dashboard.reads import delivery, figures
from controlplane.dashboard.reads.delivery import Scope


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The figures of the period, and a chart of each."""
    scope = _scope(request, actor)
    found = kept.figures(reach(actor, Verb.VIEW), f"totals {_asked(scope)}", lambda: delivery.totals(scope))
    context = {"totals": found, "days": scope.days, "periods": delivery.DAYS, "environment": scope.place}
    return render(request, "metrics/page.html", context | {"charts": figures.CHARTS, "query": _asked(scope)})


def chart(request: HttpRequest, actor: Actor, chart: str) -> HttpResponse:
    """The numbers of one chart as JSON."""
    if chart not in figures.CHARTS:
        raise NotFound(_("There is no such chart."), cure=_("Go back to the metrics."))
    scope = _scope(request, actor)
    what = f"{chart} {_asked(scope)} {request.LANGUAGE_CODE}"  # type: ignore[attr-defined]  # of LocaleMiddleware
    return JsonResponse(kept.figures(reach(actor, Verb.VIEW), what, lambda: figures.data(figures.CHARTS[chart], scope)))


def _scope(request: HttpRequest, actor: Actor) -> Scope:
    days = number(request.GET.get("days", ""))
    return Scope(actor, places.environment(request, actor), days if days in delivery.DAYS else delivery.DAYS[0], timezone.now())


def _asked(scope: Scope) -> str:
    """The query that asks for the same again."""
    return urlencode({"days": scope.days, "environment": scope.place.words})
