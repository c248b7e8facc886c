"""The cast: Alice proposes, Bob approves, Carol operates elsewhere, Mallory has no rights."""

from __future__ import annotations

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Role


def _person(name: str, *roles: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", "correct horse battery staple")
    for role in roles:
        RoleBinding.objects.create(user=user, role=role, scope="*")
    return user


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """A test may hold its own transaction for as long as it takes; the processes it starts are as in production."""
    connection.settings_dict["OPTIONS"] |= {"options": "-c idle_in_transaction_session_timeout=0"}


@pytest.fixture
def alice(db: None) -> User:
    """An operator: may run and roll back everywhere."""
    return _person("alice", Role.OPERATOR)


@pytest.fixture
def bob(db: None) -> User:
    """An approver everywhere."""
    return _person("bob", Role.APPROVER)


@pytest.fixture
def carol(db: None) -> User:
    """Will be an operator of one other environment; a test binds her."""
    return _person("carol")


@pytest.fixture
def mallory(db: None) -> User:
    """Somebody who can sign in and may nothing."""
    return _person("mallory")


@pytest.fixture
def admin(db: None) -> User:
    """An administrator everywhere."""
    return _person("ada", Role.ADMINISTRATOR)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests that commit empty every table afterwards; the audit alone would refuse."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_not_emptied")
