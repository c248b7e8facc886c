"""How often a secret may be guessed: counted by account with address, and by address, in the cache."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass

from django.core.cache import cache

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
        exceeded = [key for key, limit in self._limits.items() if _count(key) > limit]
        return max((_left(key) for key in exceeded), default=0)

    def succeeded(self) -> None:
        """Forget the tries of this account from this address, and that this one was made: only wrong ones count."""
        of_account, of_address = self._limits
        cache.delete(of_account)
        with suppress(ValueError):  # it expired meanwhile
            cache.decr(of_address)


def _count(key: str) -> int:
    if cache.add(key, 0, WINDOW_SECONDS):
        cache.set(f"{key}/ends", time.time() + WINDOW_SECONDS, WINDOW_SECONDS)
    try:
        return cache.incr(key)
    except ValueError:  # it expired between the two
        return 1


def _left(key: str) -> int:
    ends = cache.get(f"{key}/ends") or time.time() + WINDOW_SECONDS
    return max(1, round(ends - time.time()))
