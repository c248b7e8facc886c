"""Entries of the audit for tests."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry, User


def say(user: User, *actions: str, **more: Any) -> list[AuditEntry]:
    """Have the user do each of these to themselves."""
    made = []
    for action in actions:
        with transaction.atomic():
            made.append(audit.record(Actor.person(user, "request-1"), action, user, **more))
    return made
