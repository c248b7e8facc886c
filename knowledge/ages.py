"""How old what a source says may be."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from knowledge.models import Source

EVERY = timedelta(days=1)  # unless a source says otherwise
LATE = 2  # so many times its interval, and what it says may be of yesterday


def stale(source: Source) -> bool:
    """Whether it was not read for twice its interval. What is uploaded, or comes with Timonel, is as new as it gets."""
    if source.kind in {Source.Kind.UPLOAD, Source.Kind.CORPUS}:
        return False
    return source.refreshed_at is None or timezone.now() - source.refreshed_at > LATE * (source.refresh_every or EVERY)
