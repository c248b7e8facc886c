"""What Timonel knows before any model is asked: the engine's result on the latest Snapshot, what changed, what is written down."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from django.utils import timezone

from agents.investigating import happened, sight
from agents.investigating.sight import Sight
from agents.models import Inquiry
from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from controlplane.core.permissions import EVERYWHERE
from knowledge import retrieval
from workloads import diagnoses
from workloads.adapters.snapshots import read_snapshot
from workloads.models import Diagnosis
from workloads.snapshots import taking
from workloads.snapshots.limits import Limits

log = logging.getLogger(__name__)
BY = Actor.system("investigator")
FRESH = timedelta(minutes=5)  # a diagnosis younger than this is not made again
SECONDS = 60.0  # for one that is made
LIMITS = Limits(seconds=SECONDS)
PASSAGES, DAYS, CHANGES, SYMPTOMS = 5, 3, 8, 12


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the inquiry may look at, with what was found already in its ledger. `trouble`: what kept Timonel from looking."""

    sight: Sight
    trouble: str = ""


def begin(inquiry: Inquiry) -> Beginning:
    """Look, and note what was found. Never raises for what a cluster does."""
    seen = sight.of(inquiry.environment)
    found, trouble = _diagnosis(inquiry, seen)
    seen = replace(seen, diagnosis=found, snapshot=None)
    if found is not None and found.snapshot is not None and found.snapshot.folder:
        try:
            seen = replace(seen, snapshot=read_snapshot(taking.path_of(found.snapshot)))
        except TimonelError as error:
            trouble = trouble or str(error)
    _note_engine(seen)
    _note_changes(seen)
    _note_knowledge(seen, inquiry)
    return Beginning(seen, trouble)


def _diagnosis(inquiry: Inquiry, seen: Sight) -> tuple[Diagnosis | None, str]:
    """The one that was named, a fresh one, or one that is made now; when it cannot be made the last there is, and why."""
    if seen.target is None:
        return None, ""
    made = Diagnosis.objects.filter(environment=inquiry.environment, status=Diagnosis.Status.DONE).select_related("snapshot")
    named = made.filter(pk=inquiry.diagnosis_id or 0).first()
    fresh = made.filter(finished_at__gte=timezone.now() - FRESH).order_by("-pk").first()
    if named or fresh:
        return named or fresh, ""
    try:
        scope = taking.scope_of(inquiry.environment)
        return diagnoses.live_one(BY, scope, symptom=inquiry.incident.title if inquiry.incident else "", limits=LIMITS)[0], ""
    except TimonelError as error:
        return made.order_by("-pk").first(), str(error)


def _note_engine(seen: Sight) -> None:
    list(happened.explanations(seen))
    for one in (seen.diagnosis.symptoms if seen.diagnosis else [])[:SYMPTOMS]:
        seen.note("symptom", str(one.get("object", "")), str(one.get("text", "")))


def _note_changes(seen: Sight) -> None:
    for number, _ in enumerate(happened.recent(seen, DAYS), start=1):
        if number >= CHANGES:
            return


def _note_knowledge(seen: Sight, inquiry: Inquiry) -> None:
    """Passages that answer the question, and those that know the engine's first explanation."""
    names = frozenset({EVERYWHERE, f"application/{seen.application.pk}", f"environment/{seen.environment.pk}"})
    first = (seen.diagnosis.hypotheses if seen.diagnosis else [])[:1]
    asked = [inquiry.question[:500], *(f"{one.get('fault')} {one.get('summary')}"[:300] for one in first)]
    for question in asked:
        try:
            found = retrieval.search(question, retrieval.Scope(names), PASSAGES)
        except TimonelError as error:
            log.warning("searching the knowledge base: %s", error)
            continue
        for one in found:
            where = f"{one.source}: {one.path}, lines {one.first_line}-{one.last_line}"
            seen.note("knowledge", where, one.text, number=one.document)
