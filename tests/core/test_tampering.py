"""A thousand ways to alter the audit behind its triggers, as a superuser of the database could: every one is found."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from controlplane.core import chain, heads, signing
from controlplane.core.models import AuditEntry, User
from tests.core.entries import say

ENTRIES = 24
TIMES = 1_000
TABLE = "core_auditentry"
Tamper = Callable[[random.Random], None]
OTHER_VALUES = {
    "number": "number + 1000",
    "at": "at + interval '1 microsecond'",
    "actor_kind": "actor_kind || 'x'",
    "actor_label": "'mallory'",
    "actor_user_id": "coalesce(actor_user_id, 0) + 1",
    "action": "action || '.not'",
    "target_type": "'core.apitoken'",
    "target_id": "target_id || '0'",
    "target_label": "reverse(target_label)",
    "reason": "reason || ' '",
    "before": "jsonb_build_object('was', 'otherwise')",
    "after": "jsonb_set(coalesce(after, '{}'), '{quorum}', '99')",
    "request_id": "'request-2'",
    "change_sha256": "repeat('a', 64)",
    "previous_hash": "repeat('b', 64)",
    "hash": "repeat('c', 64)",
}


def run(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def edit(chance: random.Random) -> None:
    name = chance.choice(list(OTHER_VALUES))
    run(f"UPDATE {TABLE} SET {name} = {OTHER_VALUES[name]} WHERE number = %s", chance.randint(1, ENTRIES))


def delete(chance: random.Random) -> None:
    first = chance.randint(1, ENTRIES)
    run(f"DELETE FROM {TABLE} WHERE number BETWEEN %s AND %s", first, first + chance.randint(0, 3))


def insert(chance: random.Random) -> None:
    """A forged entry in the middle, bound to the one before; what comes after moves up by one."""
    at = chance.randint(1, ENTRIES)
    run(f"UPDATE {TABLE} SET number = number + 10000 WHERE number >= %s", at)
    run(f"UPDATE {TABLE} SET number = number - 9999 WHERE number > 10000")
    forged = AuditEntry.objects.get(number=at + 1)
    forged.number, forged.actor_label = at, "mallory"
    forged.hash = chain.digest(forged)
    forged.save(force_insert=True)


def swap(chance: random.Random) -> None:
    one, other = chance.sample(range(1, ENTRIES + 1), 2)
    run(f"UPDATE {TABLE} SET number = -1 WHERE number = %s", one)
    run(f"UPDATE {TABLE} SET number = %s WHERE number = %s", one, other)
    run(f"UPDATE {TABLE} SET number = %s WHERE number = -1", other)


def cut_the_end(chance: random.Random) -> None:
    run(f"DELETE FROM {TABLE} WHERE number > %s", chance.randint(0, ENTRIES - 1))


def write_anew(chance: random.Random) -> None:
    """Edit an entry and bind the whole rest to it again: the chain itself is perfect afterwards."""
    entries = list(AuditEntry.objects.order_by("number"))
    edited = chance.randrange(ENTRIES)
    run(f"DELETE FROM {TABLE}")
    previous = chain.GENESIS
    for position, entry in enumerate(entries):
        if position == edited:
            entry.actor_label = "mallory"
        entry.previous_hash = previous
        previous = entry.hash = chain.digest(entry)
    AuditEntry.objects.bulk_create(entries)
    assert chain.verify().whole


TAMPERINGS: tuple[Tamper, ...] = (edit, edit, edit, delete, insert, swap, cut_the_end, write_anew)


@pytest.fixture
def exported(alice: User, settings: Settings, tmp_path: Path) -> list[heads.Head]:
    """A chain with a head in the middle and one at its end, and no trigger in the way."""
    settings.DATA_DIR = tmp_path
    for number in range(ENTRIES):
        say(alice, f"test.{number}", before={"quorum": number}, after={"quorum": number + 1}, reason="because")
        if number == ENTRIES // 2:
            heads.export()
    heads.export()
    run(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
    return heads.read(heads.written(), signing.public_keys())


def test_every_column_is_among_the_edits() -> None:
    assert set(OTHER_VALUES) == {field.attname for field in AuditEntry._meta.concrete_fields}


def test_each_of_a_thousand_tamperings_is_found(exported: list[heads.Head]) -> None:
    assert chain.verify(exported).whole
    chance = random.Random(20261122)
    missed = []
    for _ in range(TIMES):
        tamper = chance.choice(TAMPERINGS)
        with transaction.atomic():
            tamper(chance)
            if chain.verify(exported).whole:
                missed.append(tamper.__name__)
            transaction.set_rollback(True)
    assert missed == []
    assert chain.verify(exported).whole
