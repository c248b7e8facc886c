"""Holds: after an automatic rollback nothing automatic happens in an environment until a person says so."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from controlplane.core import audit, live, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict
from controlplane.core.permissions import Verb
from workloads.models import Environment
from workloads.notices import telling


def hold(actor: Actor, environment: Environment, because: str) -> None:
    """Hold automation; held already, the first reason stays."""
    with transaction.atomic():
        free = Environment.objects.filter(pk=environment.pk, held_at__isnull=True)
        if free.update(held_at=timezone.now(), held_because=because[:300]):
            audit.record(actor, "environment.hold", environment, after={"held_because": because})
            telling.of_hold(environment, because)
            live.ring("overview", environment=environment.pk)


def release(actor: Actor, environment: Environment, reason: str) -> None:
    """Let automation work again. A person's decision, with a reason."""
    rights.demand(actor, Verb.UNLOCK, environment.scopes, f"the hold on {environment}")
    if not lift(actor, environment, reason):
        raise Conflict(f"Automation is not held in {environment}.")


def lift(actor: Actor, environment: Environment, reason: str) -> bool:
    """End the hold, if there is one: released, or a Change that a person answers for is being applied."""
    with transaction.atomic():
        held = Environment.objects.select_for_update().filter(pk=environment.pk, held_at__isnull=False)
        because = held.values_list("held_because", flat=True).first()
        if because is None:
            return False
        held.update(held_at=None, held_because="")
        audit.record(actor, "environment.release_hold", environment, before={"held_because": because}, reason=reason)
        live.ring("overview", environment=environment.pk)
    return True
