"""Setting and removing the variables of an environment. Values only come in; no page tells one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from controlplane.core.permissions import Verb
from controlplane.core.rights import may
from controlplane.dashboard import door
from controlplane.dashboard.reads import environments, variables
from workloads import catalog
from workloads.models import Environment


def put(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Set one variable; it reaches the processes with the next deployment, in its Change."""
    environment = environments.one(actor, environment_id)
    name, value = request.POST.get("name", "").strip(), request.POST.get("value", "")
    secret = True if request.POST.get("secret") else None
    try:
        catalog.set_variables(actor, environment, {name: value}, secret)
    except TimonelError as error:
        return _refused(request, actor, environment, error, name)
    return _done(request, actor, environment, _("%s is set; it reaches the processes with the next deployment.") % name)


def remove(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Take one variable away; what is not there is removed already."""
    environment = environments.one(actor, environment_id)
    name = request.POST.get("name", "")
    try:
        catalog.remove_variable(actor, environment, name)
    except TimonelError as error:
        return _refused(request, actor, environment, error, "")
    return _done(request, actor, environment, _("%s is removed; its processes keep it until the next deployment.") % name)


def context(actor: Actor, environment: Environment) -> dict[str, Any]:
    """What the panel needs."""
    return {
        "environment": environment,
        "variables": variables.of(actor, environment),
        "may_set": may(actor, Verb.RUN, environment.scopes),
    }


def _done(request: HttpRequest, actor: Actor, environment: Environment, said: str) -> HttpResponse:
    if door.is_htmx(request):
        return render(request, "environments/_variables.html", context(actor, environment) | {"said": said})
    return door.go(request, reverse("environment", args=[environment.pk]) + "#variables")


def _refused(request: HttpRequest, actor: Actor, environment: Environment, error: TimonelError, name: str) -> HttpResponse:
    if not door.is_htmx(request):
        raise error
    more = {"variable_error": error, "typed_name": name}
    return render(request, "environments/_variables.html", context(actor, environment) | more, status=error.status)
