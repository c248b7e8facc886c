"""The bell: news goes up as a stored row plus a ring that carries ids, never content. A lost ring costs nothing."""

from __future__ import annotations

import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis import RedisError

log = logging.getLogger(__name__)


def ring(group: str, **ids: int | str) -> None:
    """Tell whoever watches the group that something changed, once this transaction has committed."""
    transaction.on_commit(lambda: _send(group, ids), robust=True)


def _send(group: str, ids: dict[str, int | str]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, {"type": "bell", "group": group, "ids": ids})
    except (RedisError, OSError, RuntimeError) as error:  # watchers also ask by themselves: a lost ring costs nothing
        log.warning("could not ring %s: %s", group, error)
