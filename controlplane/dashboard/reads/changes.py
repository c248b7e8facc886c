"""Changes as pages show them: the exact preview, drawn for people, beside the bytes that were hashed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from controlplane.dashboard.drawing.difference import Row, side_by_side
from workloads.models import Change

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


@dataclass(frozen=True, slots=True)
class Effect:
    """One action of a change as its preview describes it."""

    what: str
    kind: str
    document: Mapping[str, Any]
    comparisons: Sequence[Comparison]


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
        ("release", _release_text(document.get("from")), _release_text(document.get("to"))),
        ("configuration", *_both(document.get("configuration"), _variable)),
        ("processes", *_both(document.get("processes"), _process)),
    )
    comparisons = [Comparison(title, side_by_side(old, new)) for title, old, new in parts if old or new]
    return Effect(str(document.get("what") or change.title), str(document.get("kind", "")), document, comparisons)


def _release_text(release: Any) -> str:
    if not isinstance(release, dict):
        return ""
    names = ("label", "commit", "author", "authored_at", "artefact", "configuration")
    return "\n".join(f"{name}: {release[name]}" for name in names if release.get(name))


def _both(rows: Any, say: Any) -> tuple[str, str]:
    found = [row for row in rows or [] if isinstance(row, dict)]
    sides = [[say(row, side) for row in found if row.get(side)] for side in ("before", "after")]
    return "\n".join(sides[0]), "\n".join(sides[1])


def _variable(row: Mapping[str, Any], side: str) -> str:
    return f"{row.get('name')}={row[side]}"


def _process(row: Mapping[str, Any], side: str) -> str:
    words = row[side]
    return f"{row.get('name')}: {' '.join(words) if isinstance(words, list) else words}"
