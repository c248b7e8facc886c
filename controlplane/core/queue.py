"""Commands go down as a name and ids, after commit: written to the outbox with the cause, sent once it is true."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from celery import current_app
from django.db import models, transaction
from django.utils import timezone
from kombu.exceptions import KombuError
from redis import RedisError

from controlplane.core.models import OutboxMessage
from controlplane.core.redaction import redact

log = logging.getLogger(__name__)
LONGEST_ID = 200  # characters
RETRY_AFTER = timedelta(seconds=2)


def enqueue(name: str, *ids: int | str) -> None:
    """Have the task `name` run with these ids once this transaction has committed. At least once, never before.

    Raises ValueError for content: what a broker carries is in nobody's audit and behind nobody's rights.
    """
    if any(len(str(one)) > LONGEST_ID or redact(str(one)) != str(one) for one in ids):
        raise ValueError(f"{name} is given ids, never content")
    message = OutboxMessage.objects.create(name=name, arguments=list(ids))
    transaction.on_commit(lambda: _send(message), robust=True)


def at(moment: datetime, name: str, *ids: int | str) -> None:
    """Have a task run at a moment of the next seconds. A wake-up only: nothing is kept of it, and a lost one is not sent again."""
    try:
        current_app.send_task(name, args=list(ids), eta=moment, retry=False)
    except (KombuError, RedisError, OSError) as error:
        log.warning("could not send %s: %s", name, error)


def relay(limit: int = 100) -> int:
    """Send what was committed but not sent (the sender died, the broker was away); return how many were sent."""
    waiting = OutboxMessage.objects.filter(sent_at__isnull=True, created_at__lt=timezone.now() - RETRY_AFTER)
    return sum(_send(message) for message in waiting.order_by("pk")[:limit])


def forget_sent(older_than: timedelta = timedelta(days=1)) -> int:
    """Delete messages sent long ago; return how many."""
    return OutboxMessage.objects.filter(sent_at__lt=timezone.now() - older_than).delete()[0]


def _send(message: OutboxMessage) -> bool:
    OutboxMessage.objects.filter(pk=message.pk).update(attempts=models.F("attempts") + 1)
    try:
        current_app.send_task(message.name, args=message.arguments, task_id=f"outbox-{message.pk}", retry=False)
    except (KombuError, RedisError, OSError) as error:  # the broker is away: the relay tries again
        log.warning("could not send %s, will try again: %s", message, error)
        return False
    OutboxMessage.objects.filter(pk=message.pk).update(sent_at=timezone.now())
    return True
