"""API tokens: made once, kept as a hash, limited by verb, scope and time."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.models import ApiToken, User
from controlplane.core.permissions import EVERYWHERE, Verb

PREFIX = "tmn_"
NOTED_EVERY = timedelta(minutes=1)  # not a write a request
SCOPE = re.compile(r"^(\*|application/\d+|environment/\d+)$")


def issue(
    actor: Actor,
    user: User,
    name: str,
    verbs: Collection[Verb],
    *,
    scope: str = EVERYWHERE,
    lifetime: timedelta = timedelta(days=90),
) -> tuple[ApiToken, str]:
    """Make a token; the second part of the answer is its text, which is not kept."""
    if not SCOPE.match(scope) or lifetime <= timedelta() or not set(verbs):
        raise Invalid(
            "A token needs a verb, a lifetime and a known scope.", cure="The scope is *, application/<id> or environment/<id>."
        )
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        if ApiToken.objects.filter(user=user, name=name).exists():
            raise Conflict(f"{user} has a token '{name}' already, or had one.", cure="Give the new one another name.")
        token = ApiToken.objects.create(
            user=user,
            name=name,
            digest=digest(text),
            verbs=sorted(set(verbs)),
            scope=scope,
            expires_at=timezone.now() + lifetime,
        )
        audit.record(actor, "token.issue", token, after={"verbs": token.verbs, "scope": scope})
    return token, text


def recognise(text: str, address: str = "") -> ApiToken | None:
    """The valid token with this text, its use from this address noted; None for any other."""
    if not text.startswith(PREFIX):
        return None
    now = timezone.now()
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=digest(text), revoked_at__isnull=True, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token is not None:
        stale = token.last_used_at is None or token.last_used_at < now - NOTED_EVERY
        if stale or token.last_used_from != address:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=address[:64])
    return token


def revoke(actor: Actor, token: ApiToken) -> None:
    """End the token now."""
    with transaction.atomic():
        now = timezone.now()
        if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
            audit.record(actor, "token.revoke", token, before={"revoked_at": None}, after={"revoked_at": now})


def digest(text: str) -> str:
    """What is kept of a token: random enough (256 bits) for a plain SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()
