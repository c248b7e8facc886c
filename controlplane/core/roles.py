"""Roles that come from groups of an identity provider: declared by the administrator, recomputed at each sign-in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Role

RULE = re.compile(r"^(?P<group>.+)=(?P<role>\w+):(?P<scope>\*|application/\d+|environment/\d+)$")


@dataclass(frozen=True, slots=True)
class Rule:
    """Whoever is in the group holds the role in the scope."""

    group: str
    role: str
    scope: str


def parse(texts: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of `group=role:scope` each; Invalid names the one that is not."""
    return tuple(_rule(text) for text in texts)


def follow_groups(actor: Actor, user: User, groups: Collection[str], rules: Collection[Rule]) -> None:
    """Give the person the roles of their groups, and take back those of groups they have left.

    What an administrator gave stays; nobody becomes a superuser this way. Each change is audited.
    """
    wanted = {(rule.role, rule.scope) for rule in rules if rule.group in groups}
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        held = {(row.role, row.scope): row for row in RoleBinding.objects.filter(user=user)}
        for role, scope in sorted(wanted - held.keys()):
            made = RoleBinding.objects.create(user=user, role=role, scope=scope, source=RoleBinding.Source.GROUP)
            audit.record(actor, "rolebinding.create", made, after={"by": "group"})
        for key in sorted(held.keys() - wanted):
            if held[key].source == RoleBinding.Source.GROUP:
                audit.record(actor, "rolebinding.delete", held[key], after={"by": "group"})
                held[key].delete()


def _rule(text: str) -> Rule:
    found = RULE.match(text)
    if found is None or found["role"] not in Role.values:
        raise Invalid(
            f"{text!r} maps no group to a role.",
            cure=f"Write group=role:scope; roles: {', '.join(Role.values)}; scopes: *, application/<id>, environment/<id>.",
        )
    return Rule(found["group"], found["role"], found["scope"])
