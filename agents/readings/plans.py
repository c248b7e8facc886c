"""The facts of a plan: what its stored preview says will happen, and what policy made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from agents.models import Reading
from agents.readings.facts import Fact
from workloads import previews
from workloads.models import Change

MOST = 60  # commits or files that are listed


def facts(reading: Reading) -> list[Fact]:
    """From the hashed bytes, so that they are what the people who decide are shown."""
    change = reading.change
    assert change is not None
    found = [Fact("what will happen", change.title, "#risk", 0), Fact("risk and its reasons", _risk(change), "#risk", 0)]
    for number, effect in enumerate(_effects(previews.parse(change.preview)), start=1):
        found += _of_effect(effect, f"#effect-{number}")
    return found


def _risk(change: Change) -> str:
    return "\n".join([f"{change.risk} risk, by policy", *change.reasons])


def _effects(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for action in document.get("actions") or [document]:
        inner = action.get("preview")
        yield {**action, **inner} if isinstance(inner, dict) else action


def _of_effect(effect: Mapping[str, Any], place: str) -> list[Fact]:
    parts = (
        ("migrations", _lines(effect, "migrations", _migration), 1),
        ("to know", "\n".join(map(str, effect.get("notes") or [])), 1),
        ("variables that differ", _lines(effect, "configuration", _variable), 2),
        ("processes", _lines(effect, "processes", _process), 2),
        ("release steps", _lines(effect, "release_steps", _as_json), 3),
        ("commits", _lines(effect, "commits", _commit), 3),
        ("files changed", "\n".join(map(str, (effect.get("files") or [])[:MOST])), 4),
    )
    return [Fact(title, text, place, rank) for title, text, rank in parts if text]


def _lines(effect: Mapping[str, Any], name: str, say: Any) -> str:
    rows = effect.get(name) or []
    more = [f"and {len(rows) - MOST} more"] if len(rows) > MOST else []
    return "\n".join([*(say(row) for row in rows[:MOST]), *more])


def _migration(row: Mapping[str, Any]) -> str:
    return f"{row.get('reason')} [{', '.join(row.get('kinds') or [])}] {' '.join(row.get('warnings') or [])}".strip()


def _variable(row: Mapping[str, Any]) -> str:
    return f"{row.get('name')}: {row.get('change')}, from {row.get('before')} to {row.get('after')}"


def _process(row: Mapping[str, Any]) -> str:
    return f"{row.get('name')}: {row.get('change')}, {' '.join(row.get('after') or [])}"


def _commit(row: Mapping[str, Any]) -> str:
    message = str(row.get("message", "")).partition("\n")[0]
    return f"{str(row.get('sha', ''))[:10]} {message}"


def _as_json(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False)
