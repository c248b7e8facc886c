"""Who sends a message: a lease of a minute and a fence, one message at a time to each receiver, in order about each subject.

The database holds the rule: no receiver has two messages in state `sending`. Times are its own, so that workers agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from workloads.models import Notification, NotificationAttempt

LEASE = timedelta(seconds=60)  # several times the deadline of an attempt
EXPIRY = ExpressionWrapper(Now() + LEASE, output_field=DateTimeField())
LOST = "Its worker was lost in the middle: whether it arrived is not known. It is sent again with the same key."
TRIES = 20
Status = Notification.Status


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send one message, until the database's clock passes it or somebody else takes it."""

    notification: int
    fence: int

    def rows(self) -> QuerySet[Notification]:
        """The message's row while this lease holds it, otherwise nothing."""
        return Notification.objects.filter(pk=self.notification, fence=self.fence, status=Status.SENDING)


def behind() -> Exists:
    """The condition of messages that wait for an earlier one about their subject. One that is put off holds nobody up: it is
    folded into the later one.
    """
    earlier = Notification.objects.filter(
        receiver=OuterRef("receiver"), subject=OuterRef("subject"), announcement__lt=OuterRef("announcement")
    )
    return Exists(earlier.filter(status__in=Notification.UNFINISHED, put_off=""))


def claimable() -> QuerySet[Notification]:
    """Messages that are due, whose receiver is sent nothing else now and whose turn it is; or whose worker was lost."""
    free = Q(status=Status.WAITING, due_at__lte=Now()) | Q(status=Status.SENDING, lease_expires_at__lt=Now())
    busy = Notification.objects.filter(receiver=OuterRef("receiver"), status=Status.SENDING).exclude(pk=OuterRef("pk"))
    return Notification.objects.filter(free).exclude(Exists(busy)).exclude(behind())


def claim() -> Lease | None:
    """Take the message that has waited the longest, or None when there is none to take."""
    for _ in range(TRIES):
        pk = claimable().order_by("due_at", "announcement_id", "pk").values_list("pk", flat=True).first()
        if pk is None:
            return None
        try:
            with transaction.atomic():
                if claimable().filter(pk=pk).update(status=Status.SENDING, fence=F("fence") + 1, lease_expires_at=EXPIRY):
                    _lose_former_attempt(pk)
                    return Lease(pk, Notification.objects.values_list("fence", flat=True).get(pk=pk))
        except IntegrityError:  # another message to this receiver was taken in the same moment
            continue
    return None


def _lose_former_attempt(pk: int) -> None:
    NotificationAttempt.objects.filter(notification=pk, finished_at__isnull=True, error="").update(error=LOST)
