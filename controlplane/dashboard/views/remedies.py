"""Stopping the repairs that policy applies without a person in an environment, and letting them be applied again."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from controlplane.dashboard import door
from controlplane.dashboard.reads import environments
from controlplane.dashboard.reads import remedies as reads
from workloads import unattended
from workloads.models import Environment


def stop(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """From now on a person decides over every repair there; one click."""
    return _do(request, actor, environment_id, lambda one: unattended.stop(actor, one, reason=_reason(request)))


def resume(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Let the policy work again, with a reason."""
    return _do(request, actor, environment_id, lambda one: unattended.resume(actor, one, reason=_reason(request)))


def context(actor: Actor, environment: Environment) -> dict[str, object]:
    """What the panel shows."""
    return {"environment": environment, "remedies": reads.panel(actor, environment, timezone.now())}


def _do(request: HttpRequest, actor: Actor, environment_id: int, work: Callable[[Environment], object]) -> HttpResponse:
    """Do it, and show the panel where the click was; an error stands in it."""
    environment = environments.one(actor, environment_id)
    try:
        work(environment)
    except TimonelError as error:
        if not door.is_htmx(request):
            raise
        found = context(actor, environment) | {"error": error}
        return render(request, "environments/_remedies.html", found, status=error.status)
    if door.is_htmx(request):
        return render(request, "environments/_remedies.html", context(actor, environment))
    return door.go(request, reverse("environment", kwargs={"environment_id": environment.pk}) + "#remedies")


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()
