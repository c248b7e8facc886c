"""Figures over very many rows, counted once for everybody with the same rights and kept for a minute."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from redis import RedisError

from controlplane.core.permissions import Reach

Figures = TypeVar("Figures")
KEPT = timedelta(minutes=1)
log = logging.getLogger(__name__)


def figures(reach: Reach, what: str, count: Callable[[], Figures]) -> Figures:
    """What `count` gives for somebody of this reach; `what` names the figures with everything else they depend on."""
    key = f"figures-{hashlib.sha256(repr((_plain(reach), what)).encode()).hexdigest()}"
    try:
        found: Figures | None = cache.get_or_set(key, count, KEPT.total_seconds())
    except RedisError as error:  # away: everybody counts for themselves
        log.warning("could not keep figures: %s", error)
        found = None
    return count() if found is None else found


def _plain(reach: Reach) -> tuple[Any, ...]:
    return reach.everywhere, sorted(reach.applications), sorted(reach.environments)
