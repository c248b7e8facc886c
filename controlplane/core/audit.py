"""The audit: one entry a write, in the same transaction, each bound to the one before by SHA-256."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry
from controlplane.core.redaction import redact_value

GENESIS = "0" * 64
LOCK = 0x7113_0E1A  # any constant: one writer of the chain at a time


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
    """Append an entry; must be called inside the transaction of the write it tells of."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("audit.record() belongs inside the transaction of its write")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    last = AuditEntry.objects.order_by("-number").first()
    entry = AuditEntry(
        number=last.number + 1 if last else 1,
        at=timezone.now(),
        actor_kind=actor.kind.value,
        actor_label=actor.label,
        actor_user_id=actor.user_id,
        action=action,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=str(target)[:200],
        reason=reason,
        before=redact_value(before),
        after=redact_value(after),
        request_id=actor.request_id,
        change_sha256=change_sha256,
        previous_hash=last.hash if last else GENESIS,
    )
    entry.hash = digest(entry)
    entry.save(force_insert=True)
    return entry


def digest(entry: AuditEntry) -> str:
    """The SHA-256 of everything the entry says, and of the entry before it."""
    fields = [field.attname for field in AuditEntry._meta.concrete_fields if field.attname != "hash"]
    content = {name: _plain(getattr(entry, name)) for name in fields}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def first_broken() -> AuditEntry | None:
    """The first entry that does not fit the one before it, or None when the chain is whole."""
    previous, number = GENESIS, 0
    for entry in AuditEntry.objects.order_by("number").iterator():
        if entry.previous_hash != previous or entry.number != number + 1 or entry.hash != digest(entry):
            return entry
        previous, number = entry.hash, entry.number
    return None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
