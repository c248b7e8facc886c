"""The audit: one entry a write, in the same transaction, each bound to the one before by SHA-256."""

from __future__ import annotations

from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.chain import GENESIS, digest
from controlplane.core.models import AuditEntry
from controlplane.core.plain import plain
from controlplane.core.redaction import redact, redact_value

LOCK = 0x7113_0E1A  # any constant: one writer of the chain at a time
LONGEST_REASON = 4_000  # characters


def record(
    actor: Actor,
    action: str,
    target: models.Model,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
    change_sha256: str = "",
) -> AuditEntry:
    """Append an entry; must be called inside the transaction of the write it tells of.

    `before` and `after` are stored redacted and bounded, as plain JSON (`plain`). The time never goes back along the chain.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("audit.record() belongs inside the transaction of its write")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    last = AuditEntry.objects.order_by("-number").first()
    now = timezone.now()
    entry = AuditEntry(
        number=last.number + 1 if last else 1,
        at=max(now, last.at) if last else now,
        actor_kind=actor.kind.value,
        actor_label=actor.label[:200],
        actor_user_id=actor.user_id,
        action=action,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=redact(str(target))[:200],
        reason=redact(reason)[:LONGEST_REASON],
        before=_stored(before),
        after=_stored(after),
        request_id=actor.request_id[:64],
        change_sha256=change_sha256,
        previous_hash=last.hash if last else GENESIS,
    )
    entry.hash = digest(entry)
    entry.save(force_insert=True)
    return entry


def _stored(value: dict[str, Any] | None) -> Any:
    return None if value is None else redact_value(plain(value))
