"""Figures over very many rows, counted once for everybody with the same rights and kept for a minute."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.core.cache import cache

from controlplane.core.permissions import Reach

Figures = TypeVar("Figures")
KEPT = timedelta(minutes=1)


def figures(reach: Reach, what: str, count: Callable[[], Figures]) -> Figures:
    """What `count` gives for somebody of this reach; `what` names the figures with everything else they depend on."""
    key = f"figures-{hashlib.sha256(repr((_plain(reach), what)).encode()).hexdigest()}"
    found: Figures | None = cache.get(key)
    if found is None:
        found = count()
        cache.set(key, found, KEPT.total_seconds())
    return found


def _plain(reach: Reach) -> tuple[Any, ...]:
    return reach.everywhere, sorted(reach.applications), sorted(reach.environments)
