"""Locks: one person has an environment for a while, and only their changes are applied there. A lease that ends by itself."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from controlplane.core import audit, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, Refused
from controlplane.core.permissions import Verb
from workloads import phrases
from workloads.changes import waiting
from workloads.models import Environment, EnvironmentLock

SHORTEST, USUAL, LONGEST = timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24)


def take(actor: Actor, environment: Environment, *, reason: str, lasting: timedelta = USUAL) -> EnvironmentLock:
    """Lock the environment for the actor; theirs already, the lease begins anew. Whoever may run or approve there may.

    Raises Invalid, Refused, or Conflict where another person holds it.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid("A lock needs a reason.", cure="Say in a sentence what you are doing.")
    if not SHORTEST <= lasting <= LONGEST:
        raise Invalid("A lock lasts from 5 minutes to 24 hours.", cure="Choose a time between; it can be taken again.")
    person = rights.person(actor)
    if person is None:
        raise Refused("Only a person locks an environment.", cure="Sign in, or use a person's token.")
    _demand(actor, environment)
    with transaction.atomic():
        now = timezone.now()
        Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)  # whoever is just beginning has it
        held = _current(environment)
        if held is not None and held.holds(now) and held.owner_id != person.pk:
            raise Conflict(phrases.held(held), cure="Ask them, or somebody who may unlock.")
        if held is not None and not held.holds(now):
            EnvironmentLock.objects.filter(pk=held.pk).update(released_at=held.expires_at)
            held = None
        if held is None:
            held = EnvironmentLock(environment=environment, owner=person, taken_at=now)
        held.owner_label, held.reason, held.expires_at = person.get_username(), reason[:300], now + lasting
        held.save()
        after = {"owner": held.owner_label, "expires_at": held.expires_at.isoformat()}
        audit.record(actor, "environment.lock", environment, after=after, reason=reason)
        waiting.ring(environment)
    return held


def release(actor: Actor, environment: Environment, *, reason: str) -> None:
    """End the lock: its owner, or whoever may unlock. Whoever waited for it is looked at again at once."""
    if not reason.strip():
        raise Invalid("Unlocking needs a reason.", cure="Say in a sentence why.")
    with transaction.atomic():
        held, now = _current(environment), timezone.now()
        if held is None or not held.holds(now):
            raise Conflict(f"{environment} is not locked.", cure="Reload to see how it stands.")
        if held.owner_id != actor.user_id:
            rights.demand(actor, Verb.UNLOCK, environment.scopes, f"{environment}")
        else:
            _demand(actor, environment)
        EnvironmentLock.objects.filter(pk=held.pk).update(released_at=now)
        before = {"owner": held.owner_label, "reason": held.reason, "expires_at": held.expires_at.isoformat()}
        audit.record(actor, "environment.unlock", environment, before=before, reason=reason.strip())
        waiting.reconsider(environment)


def _current(environment: Environment) -> EnvironmentLock | None:
    return EnvironmentLock.objects.select_for_update().filter(environment=environment, released_at__isnull=True).first()


def _demand(actor: Actor, environment: Environment) -> None:
    """Whoever may run things or approve them may have the environment for themselves; a token must have one of these verbs."""
    if not rights.may(actor, Verb.APPROVE, environment.scopes):
        rights.demand(actor, Verb.RUN, environment.scopes, f"things in {environment}, nor lock it")
