"""How long to wait before the next attempt, and when to give up. Pure: chance and clock are arguments."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST = 5.0  # seconds
LONGEST = 3_600.0  # seconds between two attempts, whatever the receiver asks for
LONGEST_REST = 300.0  # seconds in which a receiver that does not answer is left alone
GIVES_UP = timedelta(days=1)


def pause(attempts: int, chance: float, retry_after: float | None = None) -> float:
    """Seconds until the next attempt after so many failed ones: doubled each time, half of it by chance (0 to 1).

    What the receiver asks for (`Retry-After`) is kept to, within an hour.
    """
    grown = min(FIRST * 2.0 ** min(attempts - 1, 20), LONGEST)
    mine = grown * (0.5 + chance / 2)
    return mine if retry_after is None else min(max(mine, retry_after), LONGEST)


def rest(failures_in_a_row: int, retry_after: float | None = None) -> float:
    """Seconds in which nothing else is sent to a receiver that failed so many times, whatever the message."""
    mine = min(FIRST * 2.0 ** min(failures_in_a_row - 1, 20), LONGEST_REST)
    return mine if retry_after is None else min(max(mine, retry_after), LONGEST)


def over(asked: datetime, now: datetime) -> bool:
    """Whether it was tried for long enough."""
    return now - asked >= GIVES_UP
