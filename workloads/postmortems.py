"""Post-mortems: what is written about an incident, in versions. Drafted by Timonel until a person writes; each write is audited."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from controlplane.core import audit, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.permissions import Verb
from controlplane.core.plain import storable
from controlplane.core.redaction import redact
from workloads import examinations
from workloads.models import Incident, PostMortem

LONGEST = 100_000  # characters


def newest(incident: Incident) -> PostMortem | None:
    """The version that counts."""
    return PostMortem.objects.filter(incident=incident).order_by("-number").first()


def draft(actor: Actor, incident: Incident, text: str) -> PostMortem:
    """Keep a draft, unless it is the one we have or a person wrote already."""
    with transaction.atomic():
        _lock(incident)
        known = newest(incident)
        if known is not None and (not known.drafted or known.text == text):
            return known
        return _keep(actor, incident, text, drafted=True)


def write(actor: Actor, incident: Incident, text: str, *, seen: int) -> PostMortem:
    """A person's version, after the version `seen` (0: none). Raises Refused without the right to run things there,
    Invalid for no text or too much, Conflict where another version came meanwhile.
    """
    rights.demand(actor, Verb.RUN, incident.environment.scopes, f"the post-mortem of an incident in {incident.environment}")
    text = storable(text).replace("\r\n", "\n").strip()
    if not text:
        raise Invalid("A post-mortem is not empty.", cure="Write what happened, why, and what shall change.")
    if len(text) > LONGEST:
        raise Invalid(f"A post-mortem has at most {LONGEST:,} characters; this one has {len(text):,}.")
    with transaction.atomic():
        _lock(incident)
        known = newest(incident)
        if (known.number if known else 0) != seen:
            raise Conflict(
                "Somebody else wrote a version meanwhile.", cure="Copy your text, load the page again, and add to theirs."
            )
        if known is not None and known.text == text:
            return known
        return _keep(actor, incident, text, drafted=False)


def _lock(incident: Incident) -> None:
    Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)


def _keep(actor: Actor, incident: Incident, text: str, *, drafted: bool) -> PostMortem:
    known = newest(incident)
    made = PostMortem.objects.create(
        incident=incident,
        number=known.number + 1 if known else 1,
        text=redact(text),
        drafted=drafted,
        written_by=actor.label[:200],
        written_at=timezone.now(),
    )
    audit.record(actor, "postmortem.draft" if drafted else "postmortem.write", incident, after={"version": made.number})
    examinations.ring(incident.pk)
    return made
