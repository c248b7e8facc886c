"""The audit: one entry a write, redacted and bounded, that outlives its author and that the database refuses to change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from controlplane.core import audit, chain
from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry, User
from tests.core.entries import say

REFUSED = {
    "edit": "UPDATE core_auditentry SET reason = 'x'",
    "delete": "DELETE FROM core_auditentry",
    "empty": "TRUNCATE core_auditentry",
    "with triggers off for the session": "SET session_replication_role = replica; DELETE FROM core_auditentry",
}


def test_a_chain_of_entries_is_whole(alice: User) -> None:
    say(alice, "one", "two", "three")
    assert chain.verify().whole
    assert chain.verify().entries == 3


def test_an_entry_needs_the_transaction_of_its_write(transactional_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        audit.record(Actor.system("test"), "test.try", User(username="nobody"))


@pytest.mark.django_db
def test_a_write_that_is_taken_back_leaves_no_entry(alice: User) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        say(alice, "one")
        raise ZeroDivisionError
    assert not AuditEntry.objects.exists()


def test_secrets_do_not_reach_the_audit(alice: User) -> None:
    say(alice, "one", after={"password": "hunter2", "name": "x"}, reason="its PASSWORD=hunter2hunter2 was wrong")
    assert "hunter2" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("name", REFUSED)
def test_the_database_refuses_even_its_owner(alice: User, name: str) -> None:
    say(alice, "one")
    with connection.cursor() as cursor:  # tests empty their tables after each other; the audit's own guard is back here
        cursor.execute("ALTER TABLE core_auditentry ENABLE ALWAYS TRIGGER core_auditentry_not_emptied")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(REFUSED[name])


@pytest.mark.parametrize("forged", [{"number": 5}, {"previous_hash": "f" * 64}])
def test_the_database_refuses_an_entry_that_does_not_go_on_from_the_last(alice: User, forged: dict[str, Any]) -> None:
    entry = say(alice, "one")[-1]
    values = {"number": 2, "previous_hash": entry.hash, "hash": "e" * 64} | forged
    for name, value in values.items():
        setattr(entry, name, value)
    with pytest.raises(DatabaseError, match="goes on"), transaction.atomic():
        entry.save(force_insert=True)


def test_an_entry_keeps_its_author_after_the_person_is_deleted(alice: User) -> None:
    number, pk = say(alice, "one")[0].number, alice.pk
    alice.delete()
    entry = AuditEntry.objects.get(number=number)
    assert (entry.actor_label, entry.actor_user_id) == ("alice", pk)
    assert chain.verify().whole


@pytest.mark.parametrize(
    "value",
    [
        {"number": 1e16, "least": 1e-7, "none": -0.0, "huge": 1e300, "nan": float("nan"), "whole": 3.0},
        {"text": "a\x00b", "half": "\ud800", "bytes": b"abc", "at": datetime(2026, 1, 2), "set": {"b", "a"}, 5: "five"},
        {"long": "x" * 1_000_000, "many": list(range(10_000)), "keys": {str(n): n for n in range(10_000)}},
        {str(n): "word " * 700 for n in range(150)},
    ],
)
def test_whatever_is_said_comes_back_as_it_was_hashed_and_bounded(alice: User, value: dict[Any, Any]) -> None:
    deep: dict[str, Any] = value
    for _ in range(30):
        deep = {"in": deep}
    say(alice, "one", before=value, after=deep, reason="because\x00 " + "x" * 10_000)
    assert chain.verify().problem is None
    entry = AuditEntry.objects.get()
    assert len(str(entry.before)) < 70_000
    assert len(entry.reason) <= audit.LONGEST_REASON


def test_a_hundred_writers_at_once_make_one_chain_without_a_gap(transactional_db: None) -> None:
    alice = User.objects.create_user("alice")

    def write(number: int) -> None:
        try:
            say(alice, f"write.{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(100) as writers:
        list(writers.map(write, range(100)))
    proof = chain.verify()
    assert (proof.whole, proof.entries, proof.last) == (True, 100, 100)
    assert AuditEntry.objects.values("action").distinct().count() == 100
