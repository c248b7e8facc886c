"""Changes as pages show them: the exact preview, drawn for people, beside the bytes that were hashed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from controlplane.dashboard.drawing.difference import Pair, Row, paired
from controlplane.dashboard.reads.worlds import World, world
from workloads.models import Change

RELEASE = ("label", "commit", "message", "author", "artefact", "configuration")
HEADINGS = {"release": _("Release"), "configuration": _("Variables"), "processes": _("Processes")}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One part of the preview side by side."""

    title: str
    rows: tuple[Row, ...]

    @property
    def heading(self) -> str:
        """The part's name as a person reads it."""
        return str(HEADINGS[self.title])

    @property
    def differs(self) -> bool:
        """Whether anything is different at all."""
        return any(row.kind not in ("same", "fold") for row in self.rows)

    @property
    def begins(self) -> bool:
        """Whether there is nothing before it."""
        return all(row.kind == "added" for row in self.rows)


@dataclass(frozen=True, slots=True)
class Effect:
    """One action of a change as its preview describes it."""

    what: str
    kind: str
    document: Mapping[str, Any]
    comparisons: Sequence[Comparison]
    world: World | None = None


def effects(change: Change) -> list[Effect]:
    """What the stored preview says will happen, action by action. Nothing is rendered anew: these are the hashed bytes."""
    document = json.loads(bytes(change.preview))
    actions = document.get("actions")
    described = [_described(action) for action in actions] if isinstance(actions, list) else [document]
    return [_effect(action, change) for action in described]


def exact(change: Change) -> str:
    """The hashed bytes, indented to be read."""
    return json.dumps(json.loads(bytes(change.preview)), indent=2, ensure_ascii=False)


def _described(action: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = action.get("preview")
    return {**action, **inner} if isinstance(inner, dict) else action


def _effect(document: Mapping[str, Any], change: Change) -> Effect:
    parts = (
        ("release", _releases(document.get("from"), document.get("to"))),
        ("configuration", [_line(row, _variable) for row in document.get("configuration") or []]),
        ("processes", [_line(row, _process) for row in document.get("processes") or []]),
    )
    comparisons = [Comparison(title, paired(pairs)) for title, pairs in parts if pairs]
    return Effect(str(document.get("what") or change.title), str(document.get("kind", "")), document, comparisons, world(document))


def _releases(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[Pair]:
    sides = [{name: _short(name, side) for name in RELEASE if side and side.get(name)} for side in (old, new)]
    names = [name for name in RELEASE if any(name in side for side in sides)]
    return [(sides[0].get(name), sides[1].get(name)) for name in names]


def _short(name: str, release: Mapping[str, Any]) -> str:
    """Digests by their beginning, messages by their first line; the exact bytes are on the page too."""
    value = str(release[name]).partition("\n")[0]
    return f"{name}: {value[:16] if name in ('commit', 'artefact', 'configuration') else value}"


def _line(row: Mapping[str, Any], say: Callable[[Mapping[str, Any], str], str]) -> Pair:
    return (say(row, "before") if row.get("before") else None, say(row, "after") if row.get("after") else None)


def _variable(row: Mapping[str, Any], side: str) -> str:
    """A masked secret that changed looks the same on both sides, so it is said."""
    hidden = side == "after" and row.get("change") == "changed" and row.get("before") == row.get("after")
    return f"{row.get('name')}={row[side]}" + (f" ({_('another value')})" if hidden else "")


def _process(row: Mapping[str, Any], side: str) -> str:
    words = row[side]
    return f"{row.get('name')}: {' '.join(words) if isinstance(words, list) else words}"
