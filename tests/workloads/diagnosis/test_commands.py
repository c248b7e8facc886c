"""`manage.py diagnose` and `diagnose-many`: folders in, verdicts out, and nothing stops at a broken one."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.evals.diagnosis.building import CASES, build

SECRET = "hunter2hunter2"


def stored(folder: Path, case: str, **files: Any) -> Path:
    """A Snapshot of one of our cases, stored as `diagnose` reads it."""
    snapshot, place = build(CASES / case), folder / case / "snapshot"
    place.mkdir(parents=True)
    told = {"namespace": snapshot.namespace, "observedAt": snapshot.observed_at, "collectedAt": snapshot.collected_at}
    contents = {"objects": {"items": snapshot.objects}, "case": told, "alerts": snapshot.alerts} | files
    for name, value in contents.items():
        (place / f"{name}.json").write_text(value if isinstance(value, str) else json.dumps(value))
    for log in snapshot.logs or ():
        path = place / "logs" / log.namespace / log.pod / f"{log.container}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(log.read())
    return place


def told(*arguments: Any) -> str:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_person_reads_the_verdict_the_evidence_and_the_remedy(tmp_path: Path) -> None:
    text = told("diagnose", stored(tmp_path, "django-setting-missing"))
    assert text.startswith("FAULT: web lacks a setting.")
    assert "app/web  missing_setting" in text
    assert "STRIPE_API_KEY" in text
    assert "> Give app/web the setting it asks for" in text
    assert "Not in this evidence, so not judged: events, metrics, probes." in text


def test_a_machine_reads_the_same_as_json(tmp_path: Path) -> None:
    found = json.loads(told("diagnose", stored(tmp_path, "volume-class"), "--json"))
    assert found["verdict"] == "fault"
    first = found["hypotheses"][0]
    assert (first["object"], first["fault"]) == ("app/db", "pvc_storage_class_mismatch")
    assert {proof["source"] for proof in first["evidence"]} >= {"object", "event"}
    assert first["remedies"][0]["action"] == "patch_claim"
    assert first["remedies"][0]["target"] == "PersistentVolumeClaim/db-data"
    assert "storageClassName" in first["remedies"][0]["parameters"]["edits"]


def test_what_is_no_snapshot_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no snapshot"):
        told("diagnose", tmp_path)
    with pytest.raises(CommandError, match="no folder named snapshot"):
        told("diagnose-many", tmp_path, "--out", tmp_path / "out.jsonl")


def test_many_are_diagnosed_and_broken_ones_do_not_stop_them(tmp_path: Path) -> None:
    stored(tmp_path, "healthy")
    stored(tmp_path, "out-of-memory")
    stored(tmp_path, "selector-typo", objects="{not json")
    stored(tmp_path, "selector-extra", objects="[" * 100_000)
    text = told("diagnose-many", tmp_path, "--out", tmp_path / "out.jsonl", "--workers", 2)
    lines = {line["case"]: line for line in map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())}
    assert {case: line["verdict"] for case, line in lines.items()} == {
        "healthy": "healthy",
        "out-of-memory": "fault",
        "selector-typo": "error",
        "selector-extra": "error",
    }
    assert (
        lines["out-of-memory"]["faults"][0] | {"object": "app/worker", "fault": "oom_killed"} == lines["out-of-memory"]["faults"][0]
    )
    assert lines["healthy"]["faults"] == []
    assert "4 snapshots" in text and "2 error" in text


def test_optional_files_that_are_broken_are_told_and_the_rest_is_judged(tmp_path: Path) -> None:
    found = json.loads(told("diagnose", stored(tmp_path, "out-of-memory", metrics="[[[", probes="nonsense"), "--json"))
    assert found["verdict"] == "fault"
    assert len(found["problems"]) == 2


def test_secrets_in_logs_do_not_come_out(tmp_path: Path) -> None:
    place = stored(tmp_path, "postgres-password")
    log = next(place.glob("logs/*/*/*.log"))
    log.write_text(f"{log.read_text().rstrip()} url postgres://shop:{SECRET}@db/shop password={SECRET}\n")
    assert SECRET not in told("diagnose", place, "--json")


def test_links_out_of_the_snapshot_are_not_followed(tmp_path: Path) -> None:
    place = stored(tmp_path, "crash-without-a-word")
    (tmp_path / "outside.log").write_text("ImproperlyConfigured: Set the OUTSIDE environment variable")
    pod = place / "logs" / "shop" / "api-7c9d8-x1"
    pod.mkdir(parents=True)
    (pod / "api.log").symlink_to(tmp_path / "outside.log")
    assert "OUTSIDE" not in told("diagnose", place)
