"""Questions about an environment: asked by a person or for an incident, answered in the background, given up."""

from __future__ import annotations

import hashlib

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import get_language

from agents.investigating.asking import NAME
from agents.llm import endpoints
from agents.models import AgentProfile, Inquiry, Reading
from agents.readings.asked import WRITE
from controlplane.core import audit, live, queue, rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.permissions import Verb
from controlplane.core.redaction import redact
from workloads import pictures, visibility
from workloads.models import Diagnosis, Environment, Incident

LONGEST = 2_000  # characters of a question
MOST_OPEN = 5  # in one environment
WHAT_HAPPENED = "What is wrong, what caused it, and since when?"


def ask(actor: Actor, environment: Environment, question: str, *, key: str, incident: Incident | None = None) -> Inquiry:
    """Ask; the same key finds the first asking. Raises Refused, Invalid for no question, Conflict where too many are open."""
    if actor.kind is not ActorKind.SYSTEM:
        rights.demand(actor, Verb.RUN, environment.scopes, f"a question about {environment}")
    text = redact(question.strip(), pictures.secrets_of(environment))
    if not 2 <= len(text) <= LONGEST:
        raise Invalid(f"A question has 2 to {LONGEST} characters.", cure="Say in a sentence what you want to know.")
    with transaction.atomic():
        Environment.objects.select_for_update(no_key=True, of=("self",)).get(pk=environment.pk)
        name = f"inquiry-{environment.pk}-{hashlib.sha256(key.encode()).hexdigest()[:40]}"
        known = Inquiry.objects.filter(reading__key=name).first()
        if known is not None:
            return known
        if open_in(environment) >= MOST_OPEN:
            raise Conflict(
                f"{MOST_OPEN} questions about {environment} wait for their answers.", cure="Wait for one, or cancel one."
            )
        return _asked(actor, environment, text, name, incident)


def ask_for(incident: Incident, diagnosis: Diagnosis | None = None) -> Inquiry | None:
    """Have an incident investigated by a model; asked twice, the first. `diagnosis`: the engine's result that it begins with.

    None where no model is connected, or where its administrator did not let the investigator think by itself.
    """
    thinks = AgentProfile.objects.filter(name=NAME, thinking=True, enabled=True).exists()
    if not thinks or endpoints.meant(NAME) is None:
        return None
    found = ask(Actor.system("incidents"), incident.environment, WHAT_HAPPENED, key=f"incident-{incident.pk}", incident=incident)
    if diagnosis is not None and found.diagnosis_id is None:
        Inquiry.objects.filter(pk=found.pk, diagnosis=None, reading__status=Reading.Status.QUEUED).update(diagnosis=diagnosis)
    return found


def cancel(actor: Actor, inquiry: Inquiry) -> None:
    """Nobody waits for it any more; whoever works on it stops within moments. Raises Refused, or Conflict once it is answered."""
    rights.demand(actor, Verb.RUN, inquiry.environment.scopes, f"the question about {inquiry.environment}")
    with transaction.atomic():
        done = {"finished_at": timezone.now(), "lease_expires_at": None}
        if not Reading.objects.move(inquiry.reading_id, Reading.UNFINISHED, Reading.Status.CANCELLED, **done):
            raise Conflict("This question is not open any more.")
        Inquiry.objects.filter(pk=inquiry.pk).update(cancelled_by=actor.label[:200])
        audit.record(actor, "inquiry.cancel", inquiry, after={"status": Reading.Status.CANCELLED})
        live.ring(f"environment-{inquiry.environment_id}", environment=inquiry.environment_id, inquiry=inquiry.pk)


def visible(actor: Actor) -> models.QuerySet[Inquiry]:
    """Those about what the actor may see, newest first."""
    rows = Inquiry.objects.filter(visibility.within_reach(actor, "environment"))
    return rows.select_related("reading", "environment__application", "incident", "diagnosis")


def open_in(environment: Environment) -> int:
    """How many wait for an answer there."""
    return Inquiry.objects.filter(environment=environment, reading__status__in=Reading.UNFINISHED).count()


def _asked(actor: Actor, environment: Environment, text: str, name: str, incident: Incident | None) -> Inquiry:
    reading = Reading.objects.create(key=name, kind=Reading.Kind.INQUIRY, specialist=NAME)
    inquiry = Inquiry.objects.create(
        reading=reading,
        environment=environment,
        incident=incident,
        question=text,
        language=(get_language() or "en")[:10],
        asked_by=actor.label[:200],
        asked_at=timezone.now(),
    )
    audit.record(actor, "inquiry.ask", inquiry, after={"question": text, "environment": str(environment)})
    queue.enqueue(WRITE, reading.pk)
    live.ring(f"environment-{environment.pk}", environment=environment.pk, inquiry=inquiry.pk)
    return inquiry
