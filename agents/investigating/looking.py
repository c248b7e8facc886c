"""Objects and events: from the Snapshot, or from the cluster as it is now."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import Field

from agents.investigating import live
from agents.investigating.sight import Row, Sight
from agents.llm.question import ToolAnswer
from agents.tools.tool import Arguments, rows, tool
from workloads.snapshots.veil import Json
from workloads.unchecked import dig, word
from workloads.unchecked import rows as tables

MOST_OBJECTS, MOST_EVENTS = 60, 60
LONGEST_PART = 3_000
NOW = "True: ask the cluster as it is now; otherwise the Snapshot, in which nothing changes while you look."
SHORT = ("phase", "replicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "hard", "used", "succeeded", "failed")
SPEC = ("replicas", "selector", "type", "clusterIP", "ports", "suspend", "schedule", "storageClassName", "unschedulable", "taints")


class Which(Arguments):
    """Which objects."""

    kind: str = Field(
        min_length=2, max_length=60, description="Such as Pod, Deployment, Service, Node, ResourceQuota, Ingress, Secret."
    )
    name: str = Field("", max_length=253, description="Only this one, shown whole; empty: all of the kind, in short.")
    now: bool = Field(False, description=NOW)


class About(Arguments):
    """Which events."""

    about: str = Field("", max_length=253, description="Only those about an object whose name holds this.")
    text: str = Field("", max_length=200, description="Only those whose reason or message holds this; case does not matter.")
    now: bool = Field(False, description=NOW)


@tool(Which)
def get_objects(sight: Sight, which: Which) -> ToolAnswer:
    """Kubernetes objects of the environment: all of one kind in short, or one of them whole. Values of Secrets are never shown."""
    found = _objects(sight, which.kind, which.name, now=which.now)
    asked = f"{which.kind} {which.name}".strip() + f" in {sight.namespace or 'the Snapshot'}{', now' if which.now else ''}"
    if which.name and found:
        return rows(asked, [row for item in found[:2] for row in _whole(sight, item)])
    return rows(asked, [_short(sight, item) for item in found[:MOST_OBJECTS]], left_out=max(0, len(found) - MOST_OBJECTS))


@tool(About)
def get_events(sight: Sight, about: About) -> ToolAnswer:
    """Events of the cluster, newest first: when, about which object, why, and what was said."""
    found = [one for one in _objects(sight, "Event", "", now=about.now) if _fits(one, about)]
    found.sort(key=_when, reverse=True)
    asked = f"events about {about.about or 'anything'}" + (f" that hold {about.text!r}" if about.text else "")
    shown = [_event(sight, one) for one in found[:MOST_EVENTS]]
    return rows(asked, shown, left_out=max(0, len(found) - MOST_EVENTS))


def path(item: Json) -> str:
    """An object as it is named in evidence."""
    return f"{word(item, 'kind')}/{word(item, 'metadata', 'name')}"


def _objects(sight: Sight, kind: str, name: str, *, now: bool) -> list[Json]:
    if now or sight.snapshot is None:
        found: Iterable[Json] = live.objects(sight, kind, name)
    else:
        found = (one for one in sight.snapshot.objects if one.get("kind") == kind)
    return [one for one in found if not name or word(one, "metadata", "name") == name]


def _short(sight: Sight, item: Json) -> Row:
    said = {name: dig(item, "spec", name) for name in SPEC} | {name: dig(item, "status", name) for name in SHORT}
    said |= {"conditions": [_condition(one) for one in tables(item, "status", "conditions")]}
    said |= {"containers": [_container(one) for one in tables(item, "status", "containerStatuses")]}
    told = {name: value for name, value in said.items() if value not in (None, [], {}, "")}
    return {"evidence": sight.note("object", path(item), _text(told)), "object": path(item), **told}


def _whole(sight: Sight, item: Json) -> list[Row]:
    """Part by part, so that each can be cited."""
    parts = {name: value for name, value in item.items() if name not in ("apiVersion", "kind") and value}
    where = path(item)
    return [
        {
            "evidence": sight.note("object", f"{where} {name}", _text(value)),
            "of": where,
            "part": name,
            "value": _text(value)[:LONGEST_PART],
        }
        for name, value in parts.items()
    ]


def _condition(one: Any) -> str:
    return " ".join(filter(None, [f"{word(one, 'type')}={word(one, 'status')}", word(one, "reason"), word(one, "message")]))


def _container(one: Any) -> str:
    state = next(iter(one.get("state") or {}), "")
    why = [word(one, "state", state, "reason"), word(one, "state", state, "message")]
    last = word(one, "lastState", "terminated", "reason"), word(one, "lastState", "terminated", "exitCode")
    ended = f"last ended {last[0]} {last[1]}".strip() if any(last) else ""
    return " ".join(filter(None, [word(one, "name"), state, *why, f"restarts {word(one, 'restartCount') or 0}", ended]))


def _fits(one: Json, about: About) -> bool:
    said = f"{word(one, 'reason')} {word(one, 'message')}".lower()
    return about.about in word(one, "involvedObject", "name") and about.text.lower() in said


def _when(one: Json) -> str:
    return word(one, "lastTimestamp") or word(one, "eventTime") or word(one, "metadata", "creationTimestamp")


def _event(sight: Sight, one: Json) -> Row:
    about = f"{word(one, 'involvedObject', 'kind')}/{word(one, 'involvedObject', 'name')}"
    told = f"{word(one, 'reason')}: {word(one, 'message')}"
    row = {"at": _when(one), "about": about, "said": told, "times": word(one, "count")}
    return {"evidence": sight.note("event", about, told, _when(one)), **row}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
