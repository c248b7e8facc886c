"""The chain of the audit: what an entry's hash covers, and the proof that no entry was altered."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controlplane.core.heads import Head
from controlplane.core.models import AuditEntry

GENESIS = "0" * 64
AT_ONCE = 2_000  # entries held in memory


@dataclass(frozen=True, slots=True)
class Problem:
    """The first entry that does not fit, by its number, and what is wrong in a sentence."""

    number: int
    what: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked at: how many entries, the last one, how many exported heads; and the first problem, if there is one."""

    entries: int
    last: int
    hash: str
    heads: int
    problem: Problem | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing was altered."""
        return self.problem is None


def digest(entry: AuditEntry) -> str:
    """The SHA-256 of everything the entry says, and of the entry before it."""
    fields = [field.attname for field in AuditEntry._meta.concrete_fields if field.attname != "hash"]
    content = {name: _plain(getattr(entry, name)) for name in fields}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def verify(heads: Sequence[Head] = ()) -> Proof:
    """Walk the whole chain and compare it with every exported head; the heads' signatures are the caller's to check."""
    expected = defaultdict(list)
    for head in heads:
        expected[head.last].append(head)
    seen, number, previous = 0, 0, GENESIS
    for entry in AuditEntry.objects.order_by("number").iterator(chunk_size=AT_ONCE):
        problem = _broken(entry, number, previous) or _against(expected.pop(entry.number, []), entry, seen + 1)
        if problem:
            return Proof(seen, number, previous, len(heads), problem)
        seen, number, previous = seen + 1, entry.number, entry.hash
    return Proof(seen, number, previous, len(heads), _cut(expected, number))


def _broken(entry: AuditEntry, number: int, previous: str) -> Problem | None:
    if entry.number != number + 1:
        return Problem(number + 1, f"After entry {number} comes entry {entry.number}: entries are missing.")
    if entry.previous_hash != previous:
        return Problem(entry.number, f"It is not bound to entry {number}: one of the two was replaced.")
    if entry.hash != digest(entry):
        return Problem(entry.number, "Its content does not match its hash: it was edited.")
    return None


def _against(heads: Sequence[Head], entry: AuditEntry, entries: int) -> Problem | None:
    for head in heads:
        if (head.hash, head.entries) != (entry.hash, entries):
            return Problem(entry.number, f"It is not the entry whose hash was signed at {head.at}: the chain was written anew.")
    return None


def _cut(left: dict[int, list[Head]], number: int) -> Problem | None:
    if not left:
        return None
    last = max(left)
    return Problem(
        number + 1, f"The chain ends at entry {number}, but entry {last} was there at {left[last][0].at}: its end is gone."
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
