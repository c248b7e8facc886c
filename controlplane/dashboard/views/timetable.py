"""Locking an environment, stopping everything in it or everywhere, and the way back from both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, TimonelError
from controlplane.dashboard import door
from controlplane.dashboard.paging import number
from controlplane.dashboard.reads import environments, timetable
from workloads import locks, stops
from workloads.models import Environment


def lock(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Have the environment for oneself, for some hours."""
    hours = timedelta(hours=min(number(request.POST.get("hours", "")) or 1, 24))
    return _do(request, actor, environment_id, lambda one: locks.take(actor, one, reason=_reason(request), lasting=hours))


def unlock(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """End a lock."""
    return _do(request, actor, environment_id, lambda one: locks.release(actor, one, reason=_reason(request)))


def stop(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Stop everything in an environment; production asks for its name."""

    def work(environment: Environment) -> None:
        _check_name(request, environment)
        stops.stop(actor, environment, reason=_reason(request), rollbacks_pass="strictly" not in request.POST)

    return _do(request, actor, environment_id, work)


def lift(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Let things begin again in an environment."""
    return _do(request, actor, environment_id, lambda one: stops.lift(actor, one, reason=_reason(request)))


def stop_everything(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Stop everything everywhere."""
    stops.stop(actor, None, reason=_reason(request), rollbacks_pass="strictly" not in request.POST)
    return door.go(request, reverse("overview"))


def lift_everything(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Let things begin again everywhere."""
    stops.lift(actor, None, reason=_reason(request))
    return door.go(request, reverse("overview"))


def context(actor: Actor, environment: Environment) -> dict[str, object]:
    """What the panel shows."""
    return {"environment": environment, "times": timetable.panel(actor, environment, timezone.now())}


def _do(request: HttpRequest, actor: Actor, environment_id: int, work: Callable[[Environment], object]) -> HttpResponse:
    """Do it, and show the panel where the click was; an error stands in it, with what was typed."""
    environment = environments.one(actor, environment_id)
    try:
        work(environment)
    except TimonelError as error:
        if not door.is_htmx(request):
            raise
        found = context(actor, environment) | {"error": error, "typed": request.POST}
        return render(request, "environments/_timetable.html", found, status=error.status)
    if door.is_htmx(request):
        return render(request, "environments/_timetable.html", context(actor, environment))
    return door.go(request, reverse("environment", kwargs={"environment_id": environment.pk}) + "#timetable")


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()


def _check_name(request: HttpRequest, environment: Environment) -> None:
    if environment.tier != Environment.Tier.PRODUCTION:
        return
    if request.POST.get("name", "").strip() not in (environment.name, str(environment)):
        raise Invalid(
            _("The name you typed is not the name of this environment."),
            cure=_("Type “%(name)s” to stop everything in it.") % {"name": environment.name},
        )
