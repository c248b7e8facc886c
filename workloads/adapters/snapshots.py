"""A stored Snapshot, read from its folder: limited in size, number and depth, never following links out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from controlplane.core.errors import Invalid, NotFound
from workloads.diagnosis.snapshot import Json, LogFile, Snapshot

LARGEST_FILE = 96 * 1024 * 1024
LARGEST_LOG = 256 * 1024
MOST_LOGS = 4000
MOST_OBJECTS = 200_000


def read_snapshot(folder: Path) -> Snapshot:
    """The Snapshot in the folder. Raises NotFound without objects.json, Invalid when that file cannot be read."""
    if not (folder / "objects.json").is_file():
        raise NotFound(f"{folder} is no snapshot: it has no objects.json.")
    problems: list[str] = []
    objects = _items(_load(folder / "objects.json"))
    case = _optional(folder / "case.json", problems)
    case = case if isinstance(case, dict) else {}
    probes = _optional(folder / "probes.json", problems)
    metrics = _optional(folder / "metrics.json", problems)
    return Snapshot(
        objects=objects,
        declared=_optional_items(folder / "declared.json", problems),
        alerts=_optional_items(folder / "alerts.json", problems),
        metrics=None if metrics is None else _series(metrics),
        probes=probes if isinstance(probes, dict) else None,
        logs=tuple(_logs(folder / "logs")) if (folder / "logs").is_dir() else None,
        namespace=_text(case.get("namespace")),
        symptom=_text(case.get("symptom")),
        observed_at=_text(case.get("observedAt")),
        collected_at=_text(case.get("collectedAt")),
        problems=tuple(problems),
        partly=tuple(_partly(case.get("coverage"))),
    )


def _load(path: Path) -> Any:
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise Invalid(f"{path.name} has {size // 1_000_000} MB; at most {LARGEST_FILE // 1_000_000} MB are read.")
    try:
        return json.loads(path.read_bytes())
    except RecursionError as error:
        raise Invalid(f"{path.name} is nested too deeply.") from error
    except ValueError as error:
        raise Invalid(f"{path.name} is not JSON: {str(error)[:200]}") from error


def _optional(path: Path, problems: list[str]) -> Any:
    if not path.is_file():
        return None
    try:
        return _load(path)
    except Invalid as error:
        problems.append(str(error))
        return None


def _optional_items(path: Path, problems: list[str]) -> tuple[Json, ...] | None:
    value = _optional(path, problems)
    return None if value is None else _items(value)


def _items(value: Any) -> tuple[Json, ...]:
    if isinstance(value, dict):
        value = value.get("items")
    return tuple(item for item in value if isinstance(item, dict))[:MOST_OBJECTS] if isinstance(value, list) else ()


def _series(value: Any) -> tuple[Json, ...]:
    if isinstance(value, dict) and isinstance(value.get("data"), dict):
        value = value["data"]
    result = value.get("result") if isinstance(value, dict) else value
    return tuple(item for item in result if isinstance(item, dict)) if isinstance(result, list) else ()


def _partly(coverage: Any) -> Iterator[str]:
    """What whoever took it could read in part only, with the first reason."""
    for kind, told in coverage.items() if isinstance(coverage, dict) else ():
        if isinstance(told, dict) and told.get("state") == "partly" and isinstance(kind, str):
            why = told.get("why")
            first = why[0] if isinstance(why, list) and why and isinstance(why[0], str) else ""
            yield f"{kind[:40]} ({first[:200]})" if first else kind[:40]


def _text(value: Any) -> str:
    return value[:2000] if isinstance(value, str) else ""


def _logs(folder: Path) -> Iterator[LogFile]:
    for number, path in enumerate(sorted(folder.glob("*/*/*.log"))):
        if number >= MOST_LOGS:
            return
        if path.is_symlink() or not path.is_file():
            continue
        container, previous = path.name[: -len(".log")], False
        if container.endswith(".previous"):
            container, previous = container[: -len(".previous")], True
        yield LogFile(path.parent.parent.name, path.parent.name, container, previous, partial(_tail, path))


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - LARGEST_LOG))
            return stream.read(LARGEST_LOG).decode("utf-8", "replace")
    except OSError:
        return ""
