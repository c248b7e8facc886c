"""Signed heads, and the command and task that prove the audit against them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from controlplane.core import heads, signing, tasks, verification
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.models import AuditEntry, AuditVerification, OutboxMessage, User
from controlplane.embedded import keys
from tests.core.entries import say

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "audit-heads"


def edit_behind_the_trigger() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_auditentry SET actor_label = 'mallory' WHERE number = 2")
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER USER")


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """What verify_audit ends with, and what it prints."""
    try:
        call_command("verify_audit", *map(str, arguments))
    except SystemExit as end:
        return int(end.code or 0), capsys.readouterr().out
    except CommandError as error:
        return error.returncode, str(error)
    return 0, capsys.readouterr().out


def test_heads_are_appended_to_the_file_of_the_day_when_something_came(alice: User, folder: Path) -> None:
    assert heads.export() is None
    say(alice, "one")
    tasks.export_audit_head()
    tasks.export_audit_head()
    last = say(alice, "two")[0]
    heads.export()
    (file,) = heads.written()
    assert [json.loads(line)["last"] for line in file.read_text().splitlines()] == [1, 2]
    assert heads.read([file], signing.public_keys())[1].hash == last.hash
    assert sorted(path.name for path in folder.iterdir()) == [".lock", file.name]


def test_a_head_is_not_signed_without_a_key(alice: User, settings: Settings) -> None:
    settings.AUDIT_KEYS = []
    say(alice, "one")
    with pytest.raises(Conflict, match="no key"):
        heads.export()


@pytest.mark.parametrize(("old", "new"), [('"last": 1', '"last": 2'), ('{"at"', '{"at'), ('"entries"', '"entrees"')])
def test_an_edited_head_is_refused_with_its_place(alice: User, old: str, new: str) -> None:
    say(alice, "one")
    heads.export()
    (file,) = heads.written()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(Invalid, match="line 1"):
        heads.read([file], signing.public_keys())


def test_a_head_of_another_key_is_refused_until_that_key_is_trusted(alice: User, settings: Settings) -> None:
    say(alice, "one")
    heads.export()
    former = settings.AUDIT_KEYS
    settings.AUDIT_KEYS = [signing.new_key()]
    with pytest.raises(Invalid, match="not ours"):
        verification.prove()
    settings.AUDIT_KEYS = [*settings.AUDIT_KEYS, *former]
    assert verification.prove().whole


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    keys.ensure(tmp_path)
    first = (tmp_path / "audit_keys").read_text()
    keys.ensure(tmp_path)
    assert (tmp_path / "audit_keys").read_text() == first
    assert (tmp_path / "audit_keys").stat().st_mode & 0o777 == 0o600


def test_the_command_says_whole_broken_or_not_examined(
    alice: User, capsys: pytest.CaptureFixture[str], tmp_path: Path, settings: Settings
) -> None:
    say(alice, "one", "two", "three")
    heads.export()
    (file,) = heads.written()
    copy = tmp_path / "copy.jsonl"
    copy.write_text(file.read_text())
    call_command("audit_key")
    public = capsys.readouterr().out.strip()
    assert answer(capsys, "--head", copy, "--public-key", public) == (
        0,
        f"The audit is whole: 3 entries, the last is {AuditEntry.objects.get(number=3).hash}; it agrees with 2 signed heads.\n",
    )
    assert answer(capsys, "--head", tmp_path / "none.jsonl")[0] == 2
    edit_behind_the_trigger()
    assert answer(capsys) == (1, "The audit is broken at entry 2. Its content does not match its hash: it was edited.\n")
    code, text = answer(capsys, "--json")
    assert (code, json.loads(text)["problem"]["number"]) == (1, 2)


def test_a_proof_is_asked_for_once_however_often_the_button_is_pressed(alice: User) -> None:
    first = verification.ask(Actor.person(alice))
    assert verification.ask(Actor.person(alice)) == first
    assert OutboxMessage.objects.filter(name="core.verify_audit").count() == 1
    assert AuditEntry.objects.filter(action="audit.verify").count() == 1


def test_a_proof_keeps_what_it_found(alice: User) -> None:
    say(alice, "one", "two")
    asked = verification.ask(Actor.person(alice))
    tasks.verify_audit(asked.pk)
    asked.refresh_from_db()
    assert (asked.status, asked.entries, asked.broken_at) == (AuditVerification.Status.WHOLE, 3, None)
    edit_behind_the_trigger()
    tasks.verify_audit_nightly()
    again = AuditVerification.objects.get(status="queued")
    tasks.verify_audit(again.pk)
    again.refresh_from_db()
    assert (again.status, again.entries, again.broken_at) == (AuditVerification.Status.BROKEN, 1, 2)
    assert verification.latest_whole() == asked


def test_a_proof_that_could_not_be_made_says_why(alice: User, folder: Path) -> None:
    folder.mkdir()
    (folder / "2026-01-01.jsonl").write_text("nonsense\n")
    asked = verification.ask(Actor.person(alice))
    verification.run(asked.pk)
    asked.refresh_from_db()
    assert asked.status == AuditVerification.Status.FAILED
    assert "no signed head" in asked.problem
