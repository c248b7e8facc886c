"""The audit is a chain that shows every break."""

import pytest
from django.db import DatabaseError, connection, transaction

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry, User

pytestmark = pytest.mark.django_db


def _three_entries(user: User) -> None:
    for action in ("one", "two", "three"):
        with transaction.atomic():
            audit.record(Actor.person(user), action, user, after={"password": "hunter2", "name": action})


def test_a_chain_of_entries_is_whole(alice: User) -> None:
    _three_entries(alice)
    assert audit.first_broken() is None


def test_secrets_do_not_reach_the_audit(alice: User) -> None:
    _three_entries(alice)
    assert "hunter2" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("tampering", ["UPDATE core_auditentry SET reason = 'x'", "DELETE FROM core_auditentry"])
def test_the_database_refuses_to_change_an_entry(alice: User, tampering: str) -> None:
    _three_entries(alice)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(tampering)


def test_an_edit_behind_the_trigger_is_found(alice: User) -> None:
    _three_entries(alice)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_append_only")
        cursor.execute("UPDATE core_auditentry SET actor_label = 'mallory' WHERE number = 2")
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER core_auditentry_append_only")
    broken = audit.first_broken()
    assert broken is not None
    assert broken.number == 2
