"""Two releases of an application side by side."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from controlplane.core.actors import Actor
from controlplane.dashboard import sight
from controlplane.dashboard.paging import number
from workloads import comparison, visibility
from workloads.comparison import Comparison
from workloads.models import Application, Release

OFFERED = 50


def show(request: HttpRequest, actor: Actor, application_id: int) -> HttpResponse:
    """What separates the releases `from` and `to`; without both, the two to choose."""
    application = sight.one(visibility.applications(actor), "application", pk=application_id)
    before, after = number(request.GET.get("from", "")), number(request.GET.get("to", ""))
    context: dict[str, Any] = {"application": application, "before": before, "after": after}
    found = comparison.compare(actor, application, before, after) if before and after else None
    context |= {"comparison": found, "releases": _offered(application, found)}
    if found is not None:
        context |= {"sentence": _sentence(found), "migrations": _migrations(found)}
    return render(request, "applications/compare.html", context)


def _offered(application: Application, found: Comparison | None) -> list[Release]:
    """The newest releases, and the two compared however old they are."""
    newest = list(Release.objects.filter(application=application).order_by("-pk")[:OFFERED])
    older = {found.before, found.after} - set(newest) if found else set()
    return [*newest, *sorted(older, key=lambda release: -release.pk)]


def _sentence(found: Comparison) -> str:
    """In one line, how much separates them."""
    if found.same:
        return _("It is the same release.")
    commits, variables = len(found.history.gained) + len(found.history.lost), len(found.variables)
    migrations = len(found.gained) + len(found.lost)
    read = [
        ngettext("%d commit", "%d commits", commits) % commits,
        ngettext("%d migration", "%d migrations", migrations) % migrations,
    ]
    unread = [_("commits and migrations not known")]
    parts = [*(unread if found.history.unknown else read), ngettext("%d variable", "%d variables", variables) % variables]
    return ", ".join(parts)


def _migrations(found: Comparison) -> list[tuple[str, Any]]:
    """The migrations of either side under a heading; a side without any is left out."""
    sides = (
        (_("Only %s has") % found.after.label, found.gained),
        (_("Only %s has") % found.before.label, found.lost),
    )
    return [(heading, rows) for heading, rows in sides if rows]
