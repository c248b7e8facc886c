"""When somebody who refused wants to be asked again. Pure, but for the clock."""

from __future__ import annotations

import contextlib
import time
from email.utils import parsedate_to_datetime


def retry_after(text: str) -> float | None:
    """Seconds of a Retry-After header, as a number or a date; None where it says neither."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    return None
