"""Asking a cluster that sometimes does not answer: again, within a time, with a pause that grows.

Only questions and writes that may be repeated go through here; whoever writes looks first whether the last attempt arrived.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from controlplane.core.connections import give_back
from controlplane.core.errors import LeaseLost, Refused, TimonelError
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import ApiFailure, Busy, Forbidden, Gone, Unauthorized, Unreachable
from workloads.drivers import Say

T = TypeVar("T")
PATIENCE = 60.0  # seconds one question may take, its repeats counted
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
PASSING = frozenset({408, 500, 502, 504})


@dataclass(frozen=True, slots=True)
class Patient:
    """One identity at one cluster, asked until it answers or the time is over."""

    client: Client
    say: Say
    patience: float = PATIENCE

    def ask(self, question: Callable[[Client], T]) -> T:
        """The answer. Raises Refused, naming the right, where one is missing; the last failure where none came in time."""
        until = time.monotonic() + self.patience
        attempt = 0
        while True:
            try:
                give_back()
                return question(self.client)
            except Forbidden as error:
                raise missing(error) from error
            except TimonelError as error:
                attempt += 1
                if not passes(error) or not self.pause(error, attempt, until):
                    raise

    def pause(self, error: TimonelError, attempt: int, until: float) -> bool:
        """Wait before the next attempt; False where there is no time for one."""
        wait = pause_before(error, attempt)
        if time.monotonic() + wait > until:
            return False
        if attempt in {3, 6, 9}:
            self.say(f"The cluster does not answer as it should ({error.message}); asking again.", level="warning")
        time.sleep(wait)
        return True


def passes(error: TimonelError) -> bool:
    """Whether the same question may be answered a moment later."""
    if error.code == LeaseLost.code or getattr(error, "reason", "") == "Certificate":
        return False
    if isinstance(error, (Busy, Gone, Unauthorized, Unreachable)):
        return True
    return isinstance(error, ApiFailure) and error.http in PASSING


def pause_before(error: TimonelError, attempt: int) -> float:
    """Seconds: what the server asks for, otherwise doubled each time, with some chance so that not all come at once."""
    told = getattr(error, "retry_after", None)
    if told is not None:
        return min(float(told), 30.0)
    grown: float = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
    return grown * random.uniform(0.8, 1.2)  # noqa: S311 (no secret: only spreads the load)


def missing(error: Forbidden) -> Refused:
    """A missing right, said as a refusal that names it; a quota or an admission rule that said no, as that."""
    if error.right:
        return Refused(f"The identity that writes may not {error.right}.", cure=error.cure)
    return Refused(f"The cluster refuses it: {error.message}", cure=error.cure or "Mend what it names, then ask again.")


def quietly(question: Callable[[], T]) -> T | None:
    """The answer to what is only nice to have, or None."""
    with suppress(TimonelError):
        return question()
    return None
