"""The doctor says what is there, what is missing and how to mend it."""

from __future__ import annotations

import fcntl
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from controlplane.embedded.doctor import machine, running
from controlplane.embedded.doctor.finding import Finding, program


def by_subject(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


@pytest.mark.django_db
def test_what_runs_is_found_and_what_does_not_has_its_cure(tmp_path: Path) -> None:
    found = by_subject(running.examine(tmp_path))
    assert found["PostgreSQL"].state == "ok"
    assert found["PostgreSQL"].detail.startswith("18.")
    assert found["Valkey or Redis"].state == "ok"
    assert found["Migrations"].state == "ok"
    for subject in ("Host", "Worker", "Scheduler", "Supervisor"):
        assert found[subject].state in ("warn", "note"), subject
        assert "manage.py up" in found[subject].cure, subject


def test_servers_that_do_not_answer_are_told_apart(settings: Settings, tmp_path: Path) -> None:
    settings.DATABASE_URL, settings.REDIS_URL = "postgresql://timonel:hunter22@127.0.0.1:9/x", "redis://:hunter22@127.0.0.1:9/0"
    found = by_subject(running.examine(tmp_path))
    assert found["PostgreSQL"].state == found["Valkey or Redis"].state == "bad"
    assert "Worker" not in found
    assert "hunter22" not in repr(found)


@pytest.mark.django_db
def test_a_running_supervisor_and_host_are_known_by_their_locks(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "up.lock").open("w") as up, (tmp_path / "run" / "host.lock").open("w") as host:
        for lock, text in ((up, '{"pid": 7, "address": "http://127.0.0.1:8000/"}'), (host, "8")):
            lock.write(text)
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
        found = by_subject(running.examine(tmp_path))
    assert found["Supervisor"].detail == "process 7, http://127.0.0.1:8000/"
    assert found["Host"].detail == "process 8"


def test_a_program_that_is_missing_has_its_cure() -> None:
    assert program("Thing", ("no-such-program",), "bad", "Install it.") == Finding("Thing", "bad", "not found", "Install it.")


def test_every_finding_that_is_not_well_says_what_to_do(tmp_path: Path) -> None:
    unwell = [finding for finding in machine.examine(tmp_path) if finding.state in ("warn", "bad")]
    assert all(finding.cure for finding in unwell)


@pytest.mark.django_db
def test_the_answer_can_be_read_by_programs() -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--json", stdout=out)
    findings = json.loads(out.getvalue())
    assert {"subject", "state", "detail", "cure"} == set(findings[0])
    assert ended.value.code == int(any(finding["state"] == "bad" for finding in findings))
