"""Who may do what, where: read from the role bindings, limited by the token."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Refused
from controlplane.core.models import ApiToken, RoleBinding, User
from controlplane.core.permissions import EVERYWHERE, GRANTS, Reach, Role, Verb


def reach(actor: Actor, verb: Verb) -> Reach:
    """Where the actor may do the verb. A part of Timonel may see everything and decide nothing."""
    if actor.kind == ActorKind.SYSTEM:
        return Reach(everywhere=verb == Verb.VIEW)
    user = User.objects.filter(pk=actor.user_id, is_active=True).first() if actor.user_id else None
    if user is None:
        return Reach()
    granted = {EVERYWHERE} if user.is_superuser else _scopes_of(user, verb)
    if actor.token_id is not None:
        granted = _limited_by_token(granted, actor.token_id, verb)
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


def roles(actor: Actor) -> dict[str, Reach]:
    """Where the actor holds each role, or one that includes it."""
    user = User.objects.filter(pk=actor.user_id, is_active=True).first() if actor.user_id else None
    if user is None:
        return {}
    held = [(role, scope) for role, scope in RoleBinding.objects.filter(user=user).values_list("role", "scope")]
    if user.is_superuser:
        held.append((Role.ADMINISTRATOR, EVERYWHERE))
    return {wanted: _reach_of({scope for role, scope in held if GRANTS[role] >= GRANTS[wanted]}) for wanted in Role.values}


def demand(actor: Actor, verb: Verb, scopes: Iterable[str], what: str) -> None:
    """Refuse, saying which right is missing and who can give it, unless the actor may."""
    if not may(actor, verb, scopes):
        raise Refused(
            f"{actor.label} may not {verb.label.lower()} {what}.",
            cure=f"Ask an administrator for a role that includes '{verb.label.lower()}' there.",
        )


def _scopes_of(user: User, verb: Verb) -> set[str]:
    roles = [role for role, verbs in GRANTS.items() if verb in verbs]
    return set(RoleBinding.objects.filter(user=user, role__in=roles).values_list("scope", flat=True))


def _limited_by_token(granted: set[str], token_id: int, verb: Verb) -> set[str]:
    token = ApiToken.objects.filter(pk=token_id, revoked_at__isnull=True, expires_at__gt=timezone.now()).first()
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
