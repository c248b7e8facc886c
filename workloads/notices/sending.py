"""Delivering messages: taken under a lease, sent without a transaction, written down; tried again until a day is over."""

from __future__ import annotations

import logging
import operator
import time
from datetime import datetime, timedelta
from itertools import takewhile
from random import SystemRandom

from django.db import transaction
from django.utils import timezone

from controlplane.core import connections
from controlplane.core.redaction import redact
from workloads.adapters.messages import Answer, Ended
from workloads.models import Notification, NotificationAttempt
from workloads.notices import folding, patience, receivers
from workloads.notices.claiming import Lease, claim

_CHANCE = SystemRandom()
log = logging.getLogger(__name__)
AT_ONCE_SECONDS = 30.0  # then the next wake-up goes on
LONGEST_ERROR = 1_000  # characters
REFUSED = "The receiver refuses it, so it is not tried again. Later ones about the same go on."
GIVEN_UP = "Given up after a day of attempts. Later ones about the same go on."
WORN = "Its last five workers were lost with it. Read the workers' log. Later ones about the same go on."
MOST_LOST = 5
Status = Notification.Status
RELATED = "announcement__environment__application", "announcement__application", "channel", "person", "route"


def send_due(seconds: float = AT_ONCE_SECONDS) -> int:
    """Send what is due, one after another, for so many seconds; return how many attempts there were."""
    end, tried = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        lease = claim()
        if lease is None:
            break
        tried += send(lease)
    return tried


def send(lease: Lease, chance: float | None = None) -> bool:
    """One attempt, unless the message waits or is not to be sent; whether there was one. `chance` spreads the retries."""
    row = Notification.objects.select_related(*RELATED).get(pk=lease.notification)
    now = timezone.now()
    if not _goes_out(lease, row, now):
        return False
    outgoing = receivers.outgoing(row)
    attempt = _begin(lease, row, outgoing.via, now)
    if attempt is None:
        return False
    connections.give_back()
    began = time.monotonic()
    answer = receivers.deliver(outgoing)
    milliseconds = int((time.monotonic() - began) * 1000)
    with transaction.atomic():
        _write_down(attempt, answer, milliseconds, outgoing.secrets)
        if not _conclude(lease, row, outgoing.via, answer, _CHANCE.random() if chance is None else chance):
            log.warning("%s was sent by another worker meanwhile", row)
    return True


def _goes_out(lease: Lease, row: Notification, now: datetime) -> bool:
    """Fold what was put off into it, then send it, put it off or drop it."""
    with transaction.atomic():
        if not lease.rows().select_for_update().exists():
            return False
        folding.fold(row, now)
        because = folding.forbidden(row)
        if because:
            _end(lease, Status.SUPPRESSED, because, now)
            return False
        if _worn(row):
            _end(lease, Status.FAILED, WORN, now)
            return False
        later = folding.put_off(row, now)
        if later is not None:
            due = {"due_at": later.until, "asked_at": later.until}
            lease.rows().update(status=Status.WAITING, put_off=later.why, lease_expires_at=None, **due)
            folding.put_off_alike(row, later)
        return later is None


def _worn(row: Notification) -> bool:
    """Whether the last workers were all lost with it: it must not hold its receiver up for ever."""
    last = list(row.tries.order_by("-pk").values_list("finished_at", flat=True)[:MOST_LOST])
    return len(last) == MOST_LOST and not any(last)


def _begin(lease: Lease, row: Notification, via: str, now: datetime) -> NotificationAttempt | None:
    """The attempt, written before it is made: whoever finds it without an end knows that its worker was lost."""
    with transaction.atomic():
        if not lease.rows().update(attempts=row.attempts + 1, put_off=""):
            return None
        number = row.tries.count() + 1
        return NotificationAttempt.objects.create(notification=row, via=via, number=number, began_at=now)


def _write_down(attempt: NotificationAttempt, answer: Answer, milliseconds: int, secrets: frozenset[str]) -> None:
    attempt.finished_at, attempt.milliseconds = timezone.now(), milliseconds
    attempt.delivered, attempt.answer_code = answer.ended is Ended.DELIVERED, answer.code or None
    attempt.error = redact(answer.error, secrets)[:LONGEST_ERROR]
    attempt.save(update_fields=["finished_at", "milliseconds", "delivered", "answer_code", "error"])


def _conclude(lease: Lease, row: Notification, via: str, answer: Answer, chance: float) -> bool:
    """Sent, failed or to be tried again; False when the lease was lost meanwhile."""
    now = timezone.now()
    if answer.ended is Ended.DELIVERED:
        return _end(lease, Status.SENT, "", now)
    if answer.ended is Ended.NEVER:
        return _end(lease, Status.FAILED, REFUSED, now)
    if answer.unreachable:
        _let_rest(row, via, answer, now)
    if patience.over(row.asked_at, now):
        return _end(lease, Status.FAILED, GIVEN_UP, now)
    wait = timedelta(seconds=patience.pause(row.attempts + 1, chance, answer.retry_after))
    return bool(lease.rows().update(status=Status.WAITING, due_at=now + wait, lease_expires_at=None))


def _end(lease: Lease, status: str, why: str, now: datetime) -> bool:
    return bool(lease.rows().update(status=status, why=why, ended_at=now, lease_expires_at=None))


def _let_rest(row: Notification, via: str, answer: Answer, now: datetime) -> None:
    """What does not answer is not asked for each message that waits for it; what waited for a day is given up with this one."""
    waiting = Notification.objects.filter(receivers.sharing(via), status=Status.WAITING).exclude(pk=row.pk)
    late = waiting.filter(put_off="", asked_at__lte=now - patience.GIVES_UP)
    late.update(status=Status.FAILED, why=GIVEN_UP, ended_at=now)
    until = now + timedelta(seconds=patience.rest(_failures_in_a_row(via), answer.retry_after))
    waiting.filter(due_at__lt=until).update(due_at=until)


def _failures_in_a_row(via: str) -> int:
    latest = NotificationAttempt.objects.filter(via=via, finished_at__isnull=False).order_by("-pk")
    return sum(1 for _ in takewhile(operator.not_, latest.values_list("delivered", flat=True)[:10]))
