"""The words of rights: roles grant verbs within a scope. What is not granted is denied."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import models


class Verb(models.TextChoices):
    VIEW = "view"
    RUN = "run"
    APPROVE = "approve"
    ROLL_BACK = "roll_back"
    OVERRIDE = "override"
    UNLOCK = "unlock"
    ADMINISTER = "administer"


class Role(models.TextChoices):
    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


GRANTS: dict[str, frozenset[Verb]] = {
    Role.VIEWER: frozenset({Verb.VIEW}),
    Role.OPERATOR: frozenset({Verb.VIEW, Verb.RUN, Verb.ROLL_BACK}),
    Role.APPROVER: frozenset({Verb.VIEW, Verb.APPROVE, Verb.ROLL_BACK}),
    Role.ADMINISTRATOR: frozenset(Verb),
}
EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a verb is granted: everywhere, or in some applications and some environments."""

    everywhere: bool = False
    applications: frozenset[int] = field(default_factory=frozenset)
    environments: frozenset[int] = field(default_factory=frozenset)
