"""An answer that only reads asks the database each thing once: what was read is remembered until the answer is given."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Found = TypeVar("Found")
_remembered: ContextVar[dict[Hashable, Any] | None] = ContextVar("remembered", default=None)


@contextmanager
def reading() -> Iterator[None]:
    """Within, `once` remembers. Never around a write: a right that went away in between must be seen there."""
    before = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(before)


def once(key: Hashable, read: Callable[[], Found]) -> Found:
    """What `read` gives; read again only outside of `reading`."""
    remembered = _remembered.get()
    if remembered is None:
        return read()
    if key not in remembered:
        remembered[key] = read()
    found: Found = remembered[key]
    return found
