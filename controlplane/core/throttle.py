"""How often a secret may be guessed: counted by account with address, and by address, in the cache."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from redis import RedisError

Done = TypeVar("Done")
log = logging.getLogger(__name__)
WINDOW_SECONDS = 15 * 60
TRIES_OF_ACCOUNT = 5
TRIES_OF_ADDRESS = 50


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a secret (`act`: the door it is for) of an account from an address."""

    act: str
    account: str
    address: str

    @property
    def _limits(self) -> dict[str, int]:
        name = hashlib.sha256(self.account.lower().encode()).hexdigest()[:32]
        return {f"{self.act}/{name}/{self.address}": TRIES_OF_ACCOUNT, f"{self.act}/{self.address}": TRIES_OF_ADDRESS}

    def wait(self) -> int:
        """Count this try, before the secret is looked at, so that parallel guesses are counted too; seconds to wait, or 0."""
        return _with_store(self._wait)

    def succeeded(self) -> None:
        """Forget the tries of this account from this address, and that this one was made: only wrong ones count."""
        _with_store(self._succeeded)

    def _wait(self, store: BaseCache) -> int:
        exceeded = [key for key, limit in self._limits.items() if _count(store, key) > limit]
        return max((_left(store, key) for key in exceeded), default=0)

    def _succeeded(self, store: BaseCache) -> None:
        of_account, of_address = self._limits
        store.delete(of_account)
        with suppress(ValueError):  # it expired meanwhile
            store.decr(of_address)


def _with_store(do: Callable[[BaseCache], Done]) -> Done:
    """Do it with the shared cache; while that is away, with what this process remembers: nobody guesses unlimited."""
    try:
        return do(caches["default"])
    except RedisError as error:
        log.warning("counting tries in this process only: %s", error)
        return do(caches["process"])


def _count(store: BaseCache, key: str) -> int:
    if store.add(key, 0, WINDOW_SECONDS):
        store.set(f"{key}/ends", time.time() + WINDOW_SECONDS, WINDOW_SECONDS)
    try:
        return store.incr(key)
    except ValueError:  # it expired between the two
        return 1


def _left(store: BaseCache, key: str) -> int:
    ends = store.get(f"{key}/ends") or time.time() + WINDOW_SECONDS
    return max(1, round(ends - time.time()))
