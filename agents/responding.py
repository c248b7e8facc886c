"""Responding: beginning the run that looks after an incident, and ending what it asks for when the incident is over."""

from __future__ import annotations

from django.db import transaction

from agents import chronicle, runs
from agents.models import Run
from controlplane.core import rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Conflict
from controlplane.core.permissions import EVERYWHERE, Verb
from knowledge import sources
from knowledge.models import Source
from workloads import responses
from workloads.models import Environment, Incident, PostMortem

BY = Actor.system("incidents")
MOST_ANEW = 3  # what comes and goes is not looked at for ever
OVER = "The incident is resolved: nothing is to be mended any more."


def tend(incident_id: int) -> Run | None:
    """Whatever is due: a run where it is open and nobody looks after it, the end of what was asked for where it is over."""
    incident = Incident.objects.select_related("environment__application").filter(pk=incident_id).first()
    if incident is None:
        return None
    if incident.status == Incident.Status.RESOLVED:
        responses.withdraw(BY, incident, OVER)
        publish(incident)
        return None
    if not _wanted(incident) or _is_at_work(incident):
        return None
    return _start(BY, incident)


def look_again(actor: Actor, incident: Incident) -> Run:
    """Have it looked at (again). Raises Conflict where that is being done, or it is resolved; Refused without the right."""
    if actor.kind is not ActorKind.SYSTEM:
        rights.demand(actor, Verb.RUN, incident.environment.scopes, f"the incident in {incident.environment}")
    if incident.status == Incident.Status.RESOLVED:
        raise Conflict("This incident is resolved.", cure="Open another one if it is back.")
    if _is_at_work(incident):
        raise Conflict(f"Run {incident.response} looks after it already.", cure="Wait for it, or cancel it.")
    return _start(actor, incident)


def publish(incident: Incident) -> None:
    """Have the resolved incident found by whoever sees its environment: its source is read soon; the first one makes it."""
    if not PostMortem.objects.filter(incident=incident).exists():
        return
    place = incident.environment
    with transaction.atomic():
        Source.objects.get_or_create(
            kind=Source.Kind.INCIDENTS, scope=f"environment/{place.pk}", defaults={"name": f"incidents-of-environment-{place.pk}"}
        )
        scopes = [EVERYWHERE, *place.scopes]
        for source in Source.objects.filter(kind=Source.Kind.INCIDENTS, enabled=True, scope__in=scopes):
            sources.ask(BY, source, f"incident {incident.pk}")


def _wanted(incident: Incident) -> bool:
    """Whether it is looked at by itself: once, and when it came back; not where a deployment failed on one machine, for its own
    run went back already.
    """
    if incident.chosen:
        return True
    by_deployment = incident.deployment_id is not None and incident.environment.driver == Environment.Driver.PROCESS
    looked = len(chronicle.runs_of(incident))
    return not by_deployment and looked <= min(incident.reopened, MOST_ANEW)


def _is_at_work(incident: Incident) -> bool:
    return incident.response is not None and Run.objects.filter(pk=incident.response, finished_at__isnull=True).exists()


def _start(actor: Actor, incident: Incident) -> Run:
    """One run after another: the key names the one before."""
    with transaction.atomic():
        key = f"incident-{incident.pk}-after-{incident.response or 0}"
        run = runs.start(actor, incident.environment, "incident", {"incident": incident.pk}, idempotency_key=key)
        responses.answered_by(actor, incident, run.pk)
    return run
