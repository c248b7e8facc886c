"""Who may do what, where: read from the role bindings, limited by the token."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone

from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Refused
from controlplane.core.models import ApiToken, RoleBinding, User
from controlplane.core.permissions import EVERYWHERE, GRANTS, Reach, Role, Verb
from controlplane.core.reading import once

_PERSON = OuterRef("pk")


def reach(actor: Actor, verb: Verb) -> Reach:
    """Where the actor may do the verb. A part of Timonel may see everything and decide nothing."""
    if actor.kind == ActorKind.SYSTEM:
        return Reach(everywhere=verb == Verb.VIEW)
    held = _held(actor)
    granted = {scope for role, scope in held.roles if verb in GRANTS[Role(role)]}
    if actor.token_id is not None:
        granted = _limited_by_token(granted, held.token, verb)
    return _reach_of(granted)


def may(actor: Actor, verb: Verb, scopes: Iterable[str]) -> bool:
    """Whether the actor may do the verb on what lies in these scopes (a thing names its own scopes)."""
    return within(reach(actor, verb), scopes)


def within(granted: Reach, scopes: Iterable[str]) -> bool:
    """Whether what lies in these scopes is within the reach."""
    wanted = set(scopes)
    return (
        granted.everywhere
        or any(f"application/{pk}" in wanted for pk in granted.applications)
        or any(f"environment/{pk}" in wanted for pk in granted.environments)
    )


def scopes(granted: Reach) -> list[str]:
    """The reach as scopes, in words of a role binding."""
    everywhere = [EVERYWHERE] if granted.everywhere else []
    applications = [f"application/{pk}" for pk in sorted(granted.applications)]
    return everywhere + applications + [f"environment/{pk}" for pk in sorted(granted.environments)]


def person(actor: Actor) -> User | None:
    """The person who acts, or whose token does; None when they are not active any more, or for a part of Timonel."""
    return _held(actor).person


def roles(actor: Actor) -> dict[str, Reach]:
    """Where the actor holds each role, or one that includes it."""
    held = _held(actor).roles
    return {wanted: _reach_of({scope for role, scope in held if GRANTS[Role(role)] >= GRANTS[wanted]}) for wanted in Role if held}


def demand(actor: Actor, verb: Verb, scopes: Iterable[str], what: str) -> None:
    """Refuse, saying which right is missing and who can give it, unless the actor may."""
    if not may(actor, verb, scopes):
        raise Refused(
            f"{actor.label} may not {verb.label.lower()} {what}.",
            cure=f"Ask an administrator for a role that includes '{verb.label.lower()}' there.",
        )


def holders(roles: Collection[str], scopes: Collection[str]) -> Q:
    """The condition of people who hold one of the roles in one of the scopes, themselves or in a group, or are superusers."""
    bound = RoleBinding.objects.filter(role__in=roles, scope__in=scopes).order_by()
    members = User.groups.through._default_manager.filter(group__in=bound.values("group")).values("user")
    return Q(pk__in=bound.values("user")) | Q(pk__in=members) | Q(is_superuser=True)


@dataclass(frozen=True, slots=True)
class _Held:
    """What an actor holds: the person, roles with their scopes, and the token that limits them, if it is still good."""

    person: User | None = None
    roles: tuple[tuple[str, str], ...] = ()
    token: ApiToken | None = None


def _held(actor: Actor) -> _Held:
    return once(("held", actor.user_id, actor.token_id), lambda: _read(actor))


def _read(actor: Actor) -> _Held:
    active = User.objects.filter(pk=actor.user_id or 0, is_active=True)
    user = active.annotate(own=_lines(user=_PERSON), shared=_lines(group__user=_PERSON)).first()
    if user is None:
        return _Held()
    roles = [(role, scope) for role, _, scope in (text.partition(" ") for text in user.own + user.shared) if role in GRANTS]
    if user.is_superuser:
        roles.append((Role.ADMINISTRATOR, EVERYWHERE))
    good = ApiToken.objects.filter(pk=actor.token_id or 0, revoked_at__isnull=True, expires_at__gt=timezone.now())
    return _Held(user, tuple(roles), good.first() if actor.token_id is not None else None)


def _lines(**of: OuterRef) -> ArraySubquery:
    """Bindings as `role scope` each."""
    return ArraySubquery(RoleBinding.objects.filter(**of).order_by().values(line=Concat("role", Value(" "), "scope")))


def _limited_by_token(granted: set[str], token: ApiToken | None, verb: Verb) -> set[str]:
    if token is None or verb not in token.verbs:
        return set()
    if token.scope == EVERYWHERE:
        return granted
    return {token.scope} if EVERYWHERE in granted or token.scope in granted else set()


def _reach_of(scopes: set[str]) -> Reach:
    return Reach(
        everywhere=EVERYWHERE in scopes,
        applications=frozenset(int(s.split("/")[1]) for s in scopes if s.startswith("application/")),
        environments=frozenset(int(s.split("/")[1]) for s in scopes if s.startswith("environment/")),
    )
