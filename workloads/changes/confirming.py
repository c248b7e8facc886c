"""A last look at the world outside, before a Change is begun: it must be what was shown."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from django.db import transaction
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict
from workloads import actions
from workloads.changes import waiting
from workloads.changes.ending import Status, end
from workloads.drivers import Driver, Say
from workloads.models import Action, Change, Environment

Drivers = Callable[[Environment], Driver]


def confirm(change_id: int, say: Say, drivers: Drivers) -> None:
    """Raise Conflict, and void the Change, where the world moved since it was shown. What was begun or may not begin is let by."""
    change = Change.objects.select_related("environment__application").filter(pk=change_id).first()
    if change is None or change.status != Status.APPROVED or "apply" in change.result or waiting.not_yet(change, timezone.now()):
        return
    for action in change.actions.all():
        try:
            actions.effect_of(action.kind).demand_as_shown(work_of(change, action, "", say, drivers))
        except Conflict as moved:
            _void(change, moved)
            raise


def work_of(change: Change, action: Action, key: str, say: Say, drivers: Drivers) -> actions.Work:
    """What an effect works with. The fence is the one of whoever claimed the Change, not the newest."""
    related = "application", "active_instance__release", "active_instance__replaced"
    environment = Environment.objects.select_related(*related).get(pk=change.environment_id)
    if "apply" in change.result:
        environment.fence = change.fence
    return actions.Work(change, environment, action.parameters, drivers(environment), key, say, action=action.pk)


def _void(change: Change, moved: Conflict) -> None:
    with suppress(Conflict), transaction.atomic():  # somebody ended it meanwhile
        end(Actor.system("apply"), change, Status.CANCELLED, "change.void", str(moved))
