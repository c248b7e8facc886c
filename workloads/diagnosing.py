"""Diagnosing stored Snapshots: one folder, or many in parallel processes. No database is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from controlplane.core.errors import NotFound, TimonelError
from controlplane.core.redaction import redact
from workloads.adapters.snapshots import read_snapshot
from workloads.diagnosis.answers import Diagnosis, Standing
from workloads.diagnosis.engine import diagnose
from workloads.repairs.telling import with_offers


def diagnose_folder(folder: Path, *, thorough: bool = True) -> Diagnosis:
    """The Diagnosis of a stored Snapshot; `thorough` with findings, and with the parameters of its remedies.

    Raises NotFound and Invalid for what is none.
    """
    snapshot = read_snapshot(folder)
    found = diagnose(snapshot, with_findings=thorough)
    return with_offers(found, snapshot) if thorough else found


def snapshots_below(root: Path) -> list[Path]:
    """Every folder named `snapshot` below, or the folder itself when it is one; sorted. Links are not followed."""
    if (root / "objects.json").is_file():
        return [root]
    found = []
    for path, folders, _ in os.walk(root):
        if "snapshot" in folders:
            found.append(Path(path) / "snapshot")
            folders.remove("snapshot")
    if not found:
        raise NotFound(f"There is no folder named snapshot below {root}.")
    return sorted(found)


def line_of(root: Path, folder: Path) -> dict[str, Any]:
    """The line of results of one folder; what goes wrong with it becomes its verdict, so that the rest goes on."""
    place = folder.parent if folder.name == "snapshot" else folder
    case = str(place.relative_to(root)) if place.is_relative_to(root) and place != root else place.name
    try:
        found = diagnose_folder(folder, thorough=False)
    except TimonelError as error:
        return _error(case, str(error))
    except Exception as error:  # a door: hostile evidence must not stop the other folders
        return _error(case, f"{type(error).__name__}: {error}")
    faults = [
        {"object": each.object, "fault": each.fault, "confidence": each.confidence, "summary": each.summary}
        for each in found.hypotheses
    ]
    return {
        "case": case,
        "verdict": str(found.standing),
        "summary": found.summary,
        "faults": faults,
        "missing": list(found.missing),
    }


def _error(case: str, text: str) -> dict[str, Any]:
    return {"case": case, "verdict": str(Standing.ERROR), "summary": redact(text[:500]), "faults": []}


def diagnose_many(root: Path, workers: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """(number, of how many, line) for each Snapshot below, in the order of their names, worked on by that many processes."""
    folders = snapshots_below(root)
    with ProcessPoolExecutor(max(1, min(workers, len(folders))), mp_context=get_context("fork")) as pool:
        futures = [pool.submit(line_of, root, folder) for folder in folders]
        for number, (folder, future) in enumerate(zip(folders, futures, strict=True), 1):
            yield number, len(folders), _line(root, folder, future)


def _line(root: Path, folder: Path, future: Future[dict[str, Any]]) -> dict[str, Any]:
    try:
        return future.result()
    except BrokenProcessPool:
        return _error(str(folder.parent.relative_to(root)), "The process that read it was ended, perhaps for lack of memory.")


def as_line(line: dict[str, Any]) -> str:
    """One line of a results file."""
    return json.dumps(line, ensure_ascii=False, sort_keys=True)
