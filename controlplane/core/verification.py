"""Proofs of the audit: asked for, run by a worker, kept with what was found."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from controlplane.core import audit, chain, heads, queue, signing
from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from controlplane.core.models import AuditVerification

SCHEDULE = Actor.system("schedule")
LOST_AFTER = timedelta(hours=2)  # a million entries take about a minute
Status = AuditVerification.Status


def ask(actor: Actor) -> AuditVerification:
    """Have the audit proved; the proof that is under way already, if there is one, serves for both."""
    with transaction.atomic():
        _give_up_lost()
        made, new = AuditVerification.objects.get_or_create(
            status__in=AuditVerification.UNFINISHED, defaults={"asked_by": actor.label, "status": Status.QUEUED}
        )
        if new:
            audit.record(actor, "audit.verify", made)
            queue.enqueue("core.verify_audit", made.pk)
    return made


def run(verification_id: int) -> None:
    """Prove the audit and keep what was found. Delivered twice, it proves it again: nothing is harmed."""
    started = {"started_at": timezone.now()}
    if not AuditVerification.objects.move(verification_id, AuditVerification.UNFINISHED, Status.RUNNING, **started):
        return
    try:
        proof = prove()
    except TimonelError as error:
        _finish(verification_id, Status.FAILED, problem=str(error))
        return
    found = proof.problem
    _finish(
        verification_id,
        Status.WHOLE if found is None else Status.BROKEN,
        entries=proof.entries,
        heads=proof.heads,
        broken_at=found.number if found else None,
        problem=found.what if found else "",
    )


def prove() -> chain.Proof:
    """The proof, against every head that was exported here. Raises Invalid when a head cannot be trusted."""
    return chain.verify(heads.read(heads.written(), signing.public_keys()))


def latest() -> AuditVerification | None:
    """The last one that was asked for."""
    return AuditVerification.objects.first()


def latest_whole() -> AuditVerification | None:
    """The last one that found the chain whole."""
    return AuditVerification.objects.filter(status=Status.WHOLE).first()


def _finish(pk: int, status: str, **found: object) -> None:
    AuditVerification.objects.move(pk, Status.RUNNING, status, finished_at=timezone.now(), **found)


def _give_up_lost() -> None:
    lost = AuditVerification.objects.filter(status__in=AuditVerification.UNFINISHED, asked_at__lt=timezone.now() - LOST_AFTER)
    lost.update(status=Status.FAILED, finished_at=timezone.now(), problem="Its worker was lost.")
