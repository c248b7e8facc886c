"""What goes out to a receiver of notifications, and what came back: the shapes of Slack, e-mail and webhooks alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

AGAIN_LATER = {408, 425, 429}
DEADLINE = 10.0  # seconds for one attempt, from connecting to the answer
EXCERPT = 200  # characters of an answer that is an error


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `title` is one line; `key` is the same at every attempt."""

    key: str
    kind: str
    severity: str
    subject: str
    title: str
    text: str
    link: str
    application: str
    environment: str
    tier: str
    happened_at: datetime


class Ended(StrEnum):
    """How one attempt ended: delivered, to be tried again, or in vain for good."""

    DELIVERED = "delivered"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answered. `code` 0: nothing. `unreachable`: it is the receiver that fails, not the message."""

    ended: Ended
    code: int = 0
    error: str = ""
    retry_after: float | None = None
    unreachable: bool = False


def ended_by(status: int) -> Ended:
    """What an HTTP status means for a message. A redirect is not followed, so it delivers nothing."""
    if 200 <= status < 300:
        return Ended.DELIVERED
    return Ended.LATER if status >= 500 or status < 200 or status in AGAIN_LATER else Ended.NEVER
