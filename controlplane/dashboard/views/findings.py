"""Findings: facts that tools reported, those that count and those that somebody said do not."""

from __future__ import annotations

from collections.abc import Container
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from controlplane.core.permissions import Verb
from controlplane.core.rights import reach, within
from controlplane.dashboard import door, places, sight
from controlplane.dashboard.paging import page_by_rank
from controlplane.dashboard.views.lists import filtered
from workloads import findings, visibility
from workloads.findings import State
from workloads.models import Finding

STATES: dict[str, str | Promise] = {
    "": _("Those that count"),
    State.NEW: _("New"),
    State.CONTINUING: _("Continuing"),
    State.FIXED: _("Fixed"),
    State.SUPPRESSED: _("Suppressed"),
    State.ALL: _("All"),
}
DAYS: dict[str, str | Promise] = {"30": _("for 30 days"), "90": _("for 90 days"), "365": _("for a year"), "": _("without an end")}


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Facts that tools reported, the worst first."""
    application, now = places.application(request, actor), timezone.now()
    state, severity = _one_of(STATES, request, "state"), _one_of(Finding.Severity.values, request, "severity")
    rows = application.filter(visibility.findings(actor), "application")
    rows = rows.filter(findings.in_state(state or State.COUNTING, now))
    rows, chosen = filtered(request, rows, tool="tool", rule="rule")
    counts = _links(request, findings.by_severity(rows), severity)
    page = page_by_rank(request, rows.filter(severity=severity) if severity else rows)
    context: dict[str, Any] = {"page": page, "chosen": chosen | {"state": state, "severity": severity}, "application": application}
    context |= {"counts": counts, "states": STATES, "days": DAYS, "now": now}
    context["standing"] = {row.pk: findings.state_of(row, now) for row in page.rows}
    granted = reach(actor, Verb.APPROVE)
    context["mine"] = {row.pk for row in page.rows if within(granted, row.application.scopes)}
    return render(request, "findings/list.html", context)


def _one_of(known: Container[str], request: HttpRequest, name: str) -> str:
    """The word in the address, if it is a known one."""
    word = request.GET.get(name, "")
    return word if word in known else ""


def _links(request: HttpRequest, counts: dict[str, int], chosen: str) -> list[dict[str, object]]:
    """Each severity with how many there are, and the address that shows only those (or, of the chosen one, all again)."""
    links = []
    for severity, count in counts.items():
        query = request.GET.copy()
        query.pop("before", None)
        query["severity"] = "" if severity == chosen else severity
        links.append({"severity": severity, "count": count, "url": f"?{query.urlencode()}", "chosen": severity == chosen})
    return links


def suppress(request: HttpRequest, actor: Actor, finding_id: int) -> HttpResponse:
    """Stop counting a finding, with a reason, for a while or without an end."""
    finding = sight.one(visibility.findings(actor), "finding", pk=finding_id)
    days = request.POST.get("days", "")
    if days not in DAYS:
        raise Invalid(gettext("For how long is not clear."), cure=gettext("Choose one of the times in the form."))
    until = timezone.now() + timedelta(days=int(days)) if days else None
    findings.suppress(actor, finding.pk, request.POST.get("reason", ""), until=until)
    return door.go(request, _back(request))


def count_again(request: HttpRequest, actor: Actor, finding_id: int) -> HttpResponse:
    """Count a suppressed finding again, with a reason."""
    finding = sight.one(visibility.findings(actor), "finding", pk=finding_id)
    findings.count_again(actor, finding.pk, request.POST.get("reason", ""))
    return door.go(request, _back(request))


def _back(request: HttpRequest) -> str:
    """The list as it was filtered: the query of the page that the form stood on, and nothing else of it."""
    query = QueryDict(request.POST.get("back", "").partition("?")[2]).urlencode()
    return f"{reverse('findings')}?{query}" if query else reverse("findings")
