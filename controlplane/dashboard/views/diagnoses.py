"""What is wrong in an environment on a cluster: the newest diagnosis, those before, and asking for one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, NotFound, TimonelError
from controlplane.core.permissions import Verb
from controlplane.core.rights import demand, may
from controlplane.dashboard import door
from controlplane.dashboard.reads import diagnoses as reads
from controlplane.dashboard.reads import environments
from workloads import diagnoses, mending, offers, pictures
from workloads.models import Diagnosis, Environment


def show(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """The newest diagnosis, or the one that `?number=` names."""
    environment = environments.one(actor, environment_id)
    context = reads.of(actor, environment, request.GET.get("number", ""))
    context |= {"target": pictures.target_of(environment), **_may(actor, environment)}
    return render(request, "diagnoses/_now.html" if door.is_htmx(request) else "diagnoses/page.html", context)


def ask(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Have one made, and go back to where it will appear."""
    environment = environments.one(actor, environment_id)
    diagnoses.ask(actor, environment)
    return door.go(request, reverse("diagnosis", args=[environment.pk]))


def propose(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Propose one remedy of a diagnosis, and go to the page of its change; why not stands where it was asked."""
    environment = environments.one(actor, environment_id)
    demand(actor, Verb.RUN, environment.scopes, str(environment))
    diagnosis = _named(actor, environment, request.POST.get("number", ""))
    offer = mending.offer(actor, diagnosis, request.POST.get("offer", ""))
    try:
        if offer.repair is None:
            raise Conflict(_("A roll back is asked for on the environment's page."))
        key = f"page-{request.POST.get('key', '')[:100] or door.once()}"
        incident = diagnosis.incident
        reviewed = request.POST.get("by") == "pull_request"
        change = mending.propose(actor, environment, offer.repair, incident=incident, idempotency_key=key, reviewed=reviewed)
    except TimonelError as error:
        if not door.is_htmx(request):
            raise
        context = {"offer": offer, "shown": diagnosis, "environment": environment, "error": error, **_may(actor, environment)}
        return render(request, "diagnoses/_offer.html", context, status=error.status)
    return door.go(request, reverse("change", args=[change.pk]))


def _named(actor: Actor, environment: Environment, number: str) -> Diagnosis:
    rows = diagnoses.visible(actor).filter(environment=environment)
    found = rows.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if found is None:
        raise NotFound(_("There is no such diagnosis here."))
    return found


def _may(actor: Actor, environment: Environment) -> dict[str, object]:
    return {
        "may_ask": may(actor, Verb.RUN, environment.scopes),
        "may_roll_back": may(actor, Verb.ROLL_BACK, environment.scopes),
        "reviewable": offers.reviewable(environment),
        "key": door.once(),
    }
