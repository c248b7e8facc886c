"""The overview and the search."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.dashboard import sight
from controlplane.dashboard.paging import number, page_by_name, text
from controlplane.dashboard.reads import overview, runs, standing, timetable
from workloads import queries, visibility
from workloads.models import Release

APPLICATIONS = 50


def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Applications by environments, and what happened lately."""
    now = timezone.now()
    asked, show = text(request, "q"), request.GET.get("show", "")
    environments = standing.annotated(visibility.environments(actor), now)
    page = page_by_name(request, overview.applications(actor, environments, asked, show), APPLICATIONS)
    here = environments.filter(application__in=[application.pk for application in page.rows])
    found = overview.runs(actor, here)
    context = {
        "asked": asked,
        "show": show if show in standing.SHOWN else "",
        "shows": standing.SHOWN,
        "page": page,
        "matrix": overview.matrix(page.rows, here, found, now),
        "sums": standing.sums(environments),
        "waiting_for_me": queries.inbox_count(actor),
        "latest": found[: overview.LATEST],
        "everything": timetable.everywhere(actor),
    }
    fragment = getattr(request, "htmx", False)
    return render(request, "overview/_overview.html" if fragment else "overview/page.html", context)


def search(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Applications, environments and releases by name, ref or commit; a run by its number."""
    asked = text(request, "q")
    run = runs.visible(actor).filter(pk=number(asked.lstrip("#")) or 0).first() if asked else None
    if run and asked.startswith("#"):
        return redirect(reverse("run", kwargs={"run_id": run.pk}))
    environments = sight.environments(actor).filter(Q(name__icontains=asked) | Q(application__name__icontains=asked))
    releases = Release.objects.filter(application__in=visibility.applications(actor))
    context = {
        "asked": asked,
        "run": run,
        "applications": visibility.applications(actor).filter(name__icontains=asked)[:20] if asked else [],
        "environments": environments[:40] if asked else [],
        "releases": releases.filter(Q(ref=asked) | Q(commit__startswith=asked.lower())).select_related("application")[:20]
        if len(asked) > 1
        else [],
    }
    return render(request, "overview/search.html", context)
