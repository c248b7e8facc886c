"""An environment: what is live, its processes, its history; rolling back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import runs as engine
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, TimonelError
from controlplane.core.permissions import Verb
from controlplane.core.rights import demand, may
from controlplane.dashboard import door, sight
from controlplane.dashboard.reads import environments, measured
from controlplane.dashboard.views import remedies, timetable, variables
from controlplane.dashboard.views.measured import hours
from workloads import holds, rollback
from workloads.models import Environment


def show(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """The environment's page."""
    environment = environments.one(actor, environment_id)
    context = _state(request, actor, environment) | _charts(request, environment) | variables.context(actor, environment)
    return render(request, "environments/page.html", context)


def state(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """The part of the page that changes by itself."""
    environment = environments.one(actor, environment_id)
    return render(request, "environments/_state.html", _state(request, actor, environment))


def log(request: HttpRequest, actor: Actor, environment_id: int, instance_id: int, process: str) -> HttpResponse:
    """The end of the log of one process."""
    environment = environments.one(actor, environment_id)
    text = environments.log_of(environment, instance_id, process)
    context = {"environment": environment, "process": process, "text": text}
    return render(request, "environments/_log.html" if door.is_htmx(request) else "environments/log.html", context)


def menu(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The environments to switch to, for the top bar."""
    return render(request, "frame/_environments.html", {"environments": sight.environments(actor)[:200]})


def roll_back(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Start a rollback run and go to its page."""
    environment = environments.one(actor, environment_id)
    try:
        demand(actor, Verb.ROLL_BACK, environment.scopes, f"{environment}")
        _demand_a_way_back(environment)
        run = engine.start(actor, environment, "rollback", {}, idempotency_key=request.POST.get("key", "")[:100])
    except TimonelError as error:
        context = _way_back(actor, environment) | {"error": error}
        if door.is_htmx(request):
            return render(request, "environments/_rollback.html", context, status=error.status)
        raise
    return door.go(request, reverse("run", kwargs={"run_id": run.pk}))


def release_hold(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Let automation work here again."""
    environment = environments.one(actor, environment_id)
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise Invalid(_("Releasing the hold needs a reason."), cure=_("Say in a sentence why it is safe now."))
    holds.release(actor, environment, reason)
    return door.go(request, reverse("environment", kwargs={"environment_id": environment.pk}))


def address_of(request: HttpRequest, environment: Environment) -> str:
    """The stable address, as seen from where the person sits."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    here = environment.driver == Environment.Driver.PROCESS
    return f"http://{host}:{environment.port}/" if environment.port and here else ""


def _demand_a_way_back(environment: Environment) -> None:
    """Say at once, rather than by a run, that there is nothing to return to."""
    found = rollback.plan(environment)
    if not found.possible:
        raise Conflict(found.impossible_because, cure=_("Roll out the release you want instead."))


def _state(request: HttpRequest, actor: Actor, environment: Environment) -> dict[str, object]:
    more: dict[str, object] = {
        "address": address_of(request, environment),
        "may_mend": may(actor, Verb.RUN, environment.scopes),
        "may_release": may(actor, Verb.UNLOCK, environment.scopes),
    }
    return (
        environments.state(environment, timezone.now())
        | _way_back(actor, environment)
        | timetable.context(actor, environment)
        | remedies.context(actor, environment)
        | more
    )


def _charts(request: HttpRequest, environment: Environment) -> dict[str, object]:
    asked = hours(request)
    charts = [
        (metric.title, metric.unit, reverse("environment-chart", args=[environment.pk, name]) + f"?hours={asked}")
        for name, metric in measured.METRICS.items()
    ]
    return {"charts": charts, "hours": asked, "hours_offered": measured.HOURS}


def _way_back(actor: Actor, environment: Environment) -> dict[str, object]:
    return {
        "environment": environment,
        "way_back": rollback.plan(environment),
        "may_roll_back": may(actor, Verb.ROLL_BACK, environment.scopes),
        "key": door.once(),
    }
