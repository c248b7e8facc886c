"""Forgetting what was told long ago."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from workloads.models import Announcement, Notification

KEPT = timedelta(days=30)
AT_ONCE = 5_000


def prune(kept: timedelta = KEPT) -> int:
    """Delete ended messages with their attempts, and announcements that nobody waits for, older than this; return how many."""
    old = timezone.now() - kept
    ended = Notification.objects.filter(created_at__lt=old, status__in=Notification.ENDED)
    _in_parts(ended)
    waited_for = Notification.objects.filter(announcement=OuterRef("pk"))
    return _in_parts(Announcement.objects.filter(created_at__lt=old, routed_at__isnull=False).exclude(Exists(waited_for)))


def _in_parts(rows: object) -> int:
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):  # type: ignore[attr-defined]
        rows.model.objects.filter(pk__in=keys).delete()  # type: ignore[attr-defined]
        deleted += len(keys)
    return deleted
