"""Why there is no answer: in words for a person, with the cure, and whether asking again may help."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from agents.models import ModelCall
from controlplane.core.errors import TimonelError

Status = ModelCall.Status
LONGEST = 500  # characters of what an endpoint says about itself
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
CURES = {
    400: "Look at the model's name and at how it is held to a shape.",
    401: "Look at the endpoint's key.",
    403: "Look at the endpoint's key, and at what it may do there.",
    404: "Look at the endpoint's address and at the model's name.",
    413: "Lower the endpoint's context.",
    429: "Wait, ask less often, or raise the limit there.",
}


class NoAnswer(TimonelError):
    """A call that brought nothing: `status` is how it is recorded. `billed`: what was sent was probably read there."""

    def __init__(self, message: str, status: str = Status.FAILED, *, cure: str = "", billed: bool = False) -> None:
        super().__init__(message, cure=cure)
        self.outcome = status
        self.billed = billed
        self.again = False
        self.wait = 0.0  # seconds, as the endpoint asked for


def trouble_of(error: BaseException, *, begun: bool) -> NoAnswer:
    """What happened, whichever library said it; `begun`: the answer had begun to come."""
    if isinstance(error, NoAnswer):
        return error
    ours = _ours_in(error)
    if ours is not None:
        return NoAnswer(ours.message, cure=ours.cure)
    response = getattr(error, "response", None)
    if response is not None and hasattr(response, "status_code"):
        return _refused(int(response.status_code), response.headers, error)
    if "Timeout" in type(error).__name__:
        found = NoAnswer("It did not answer in time.", Status.TIMED_OUT, cure="Give it more time.", billed=True)
    elif begun:
        found = NoAnswer("Its answer was cut off.", billed=True)
    else:
        found = NoAnswer(f"It could not be reached: {_root(error)}.", cure="Look at its address, and whether it runs.")
        found.again = True
    return found


def _refused(status: int, headers: Any, error: BaseException) -> NoAnswer:
    if 300 <= status < 400:
        return NoAnswer("It answered with a redirect, which is not followed.", cure="Give the address that it leads to.")
    found = NoAnswer(f"It answered {status}: {_words_of(error)}", cure=CURES.get(status, ""))
    found.again = status in AGAIN
    found.wait = _retry_after(headers)
    return found


def _words_of(error: BaseException) -> str:
    """What the endpoint said, without what its library puts before it; as a sentence, for more follows."""
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    text = re.sub(r"^Error code: \d+ - ", "", str(said or getattr(error, "message", "") or error)).strip()[:LONGEST]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _retry_after(headers: Any) -> float:
    """Seconds of a Retry-After header, in either of its forms; none and nonsense are 0."""
    value = str(headers.get("retry-after", "")).strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _ours_in(error: BaseException) -> TimonelError | None:
    """The error of ours that another one carries: the guard of outside addresses speaks through the libraries above it."""
    seen: BaseException | None = error
    for _depth in range(8):
        if seen is None or isinstance(seen, TimonelError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _root(error: BaseException) -> str:
    found = error
    while found.__cause__ is not None:
        found = found.__cause__
    return str(found)[:LONGEST] or type(found).__name__
