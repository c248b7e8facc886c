"""How often a sign-in may be tried: counted by account and address, in the cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.cache import cache

WINDOW_SECONDS = 15 * 60
TRIES_OF_ACCOUNT = 5
TRIES_OF_ADDRESS = 50


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in to an account from an address."""

    account: str
    address: str

    @property
    def _limits(self) -> dict[str, int]:
        name = hashlib.sha256(self.account.lower().encode()).hexdigest()[:32]
        return {f"sign-in/{name}/{self.address}": TRIES_OF_ACCOUNT, f"sign-in/{self.address}": TRIES_OF_ADDRESS}

    def allowed(self) -> bool:
        """Count this try, before the password is looked at, so that parallel guesses are counted too."""
        exceeded = [key for key, limit in self._limits.items() if _count(key) > limit]
        return not exceeded

    def succeeded(self) -> None:
        """Forget the tries of this account from this address."""
        cache.delete(next(iter(self._limits)))


def _count(key: str) -> int:
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        return cache.incr(key)
    except ValueError:  # it expired between the two
        cache.set(key, 1, WINDOW_SECONDS)
        return 1
