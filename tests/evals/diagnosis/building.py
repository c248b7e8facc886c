"""From a case's small YAML files to a Snapshot: the healthy shop, patched, with times told as ages.

A case is a folder: `case.yaml` (about, expected, forbidden, and optionally `without`: kinds of evidence left out), and any of
`objects.yaml` (Kubernetes objects laid over those of `shop.yaml` by kind and name; `$gone: true` takes one away, a list replaces a
list), `events.yaml`, `logs.yaml`, `metrics.yaml`, `alerts.yaml`, `declared.yaml`, `probes.yaml`.
"""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from workloads.diagnosis.snapshot import Json, LogFile, Snapshot

HERE = Path(__file__).resolve().parent
CASES = HERE / "cases"
NOW = datetime(2026, 5, 4, 10, 0, 0, tzinfo=UTC)
NAMESPACE = "shop"
_AGE = re.compile(r"@(\d{1,7})s\b")


def cases() -> list[Path]:
    """Every case."""
    return sorted(path.parent for path in CASES.glob("*/case.yaml"))


def about(case: Path) -> Json:
    """What a case is, what is expected and what forbidden."""
    told: Json = _yaml(case / "case.yaml")
    return told


def build(case: Path) -> Snapshot:
    """The Snapshot of a case."""
    without = about(case).get("without", [])
    objects = _laid(deepcopy(_shop()), _yaml(case / "objects.yaml") or []) + _events(_yaml(case / "events.yaml") or [])
    parts: dict[str, Any] = {
        "objects": tuple(objects),
        "declared": tuple(_yaml(case / "declared.yaml") or ()),
        "alerts": tuple(_yaml(case / "alerts.yaml") or ()),
        "metrics": _metrics(_yaml(case / "metrics.yaml")),
        "probes": _yaml(case / "probes.yaml"),
        "logs": tuple(_log(where, text) for where, text in (_yaml(case / "logs.yaml") or {}).items()),
    }
    parts |= dict.fromkeys(without)
    return Snapshot(namespace=NAMESPACE, observed_at=_time(30), collected_at=_time(0), **parts)


@lru_cache(maxsize=1)
def _shop() -> list[Json]:
    told: list[Json] = _yaml(HERE / "shop.yaml")
    return told


@lru_cache(maxsize=512)
def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _yaml(path: Path) -> Any:
    """A YAML file with each `@60s` turned into the time sixty seconds before now."""
    return yaml.load(_AGE.sub(lambda match: _time(int(match[1])), _text(path)), Loader=yaml.CSafeLoader)


def _time(ago: int) -> str:
    return (NOW - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _key(obj: Json) -> tuple[str, str]:
    return obj["kind"], obj["metadata"]["name"]


def _laid(base: list[Json], patches: list[Json]) -> list[Json]:
    found = {_key(obj): obj for obj in base}
    for patch in patches:
        if patch.get("$gone"):
            found.pop(_key(patch))
        else:
            found[_key(patch)] = _merged(found.get(_key(patch), {}), patch)
    for obj in found.values():
        obj["metadata"].setdefault("namespace", "" if obj["kind"] in ("Node", "PersistentVolume", "StorageClass") else NAMESPACE)
    return list(found.values())


def _merged(old: Any, new: Any) -> Any:
    """`new` over `old`: mappings key by key, everything else as a whole."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {key: _merged(old.get(key), new[key]) if key in new else old[key] for key in {**old, **new}}


def _events(told: list[Json]) -> list[Json]:
    return [_event(number, each) for number, each in enumerate(told)]


def _event(number: int, each: Json) -> Json:
    kind, name = each["about"].split("/", 1)
    place = "default" if kind == "Node" else NAMESPACE
    return {
        "kind": "Event",
        "metadata": {"name": f"event-{number}", "namespace": place},
        "involvedObject": {"kind": kind, "name": name, "namespace": "" if kind == "Node" else place},
        "type": each.get("type", "Warning"),
        "reason": each["reason"],
        "message": each["message"],
        "count": each.get("count", 1),
        "lastTimestamp": _time(each.get("ago", 30)),
        "firstTimestamp": _time(each.get("ago", 30) + 60),
    }


def _log(where: str, text: str) -> LogFile:
    """`pod/container`, `.previous` after it for the run before."""
    pod, container = where.split("/", 1)
    return LogFile(NAMESPACE, pod, container.removesuffix(".previous"), container.endswith(".previous"), lambda: text)


def _metrics(told: list[Json] | None) -> tuple[Json, ...] | None:
    """`values: 5x20 900x10` is twenty points of 5 and ten of 900, five seconds apart, up to now."""
    if told is None:
        return None
    found = []
    for each in told:
        values = [value for part in each["values"].split() for value in _repeated(part)]
        labels = {key: value for key, value in each.items() if key != "values"}
        begin = NOW.timestamp() - 5 * len(values)
        found.append(
            {"metric": labels | {"namespace": NAMESPACE}, "values": [[begin + 5 * at, value] for at, value in enumerate(values)]}
        )
    return tuple(found)


def _repeated(part: str) -> list[str]:
    value, _, times = part.partition("x")
    return [value] * int(times or 1)
