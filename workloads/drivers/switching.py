"""Moving a stable address from one instance to another: one conditional update, then the host's acknowledgement."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from controlplane.core.errors import Conflict
from workloads.drivers import waiting
from workloads.models import Environment, Instance
from workloads.rollout import KEEP_OLD_SECONDS, PROGRESS_DEADLINE_SECONDS

WAITS = timedelta(seconds=3 * PROGRESS_DEADLINE_SECONDS)  # how long a staged instance waits for its switch


def give_address(environment: Environment, to: Instance, *, keep_former: bool) -> Instance | None:
    """Make `to` the live instance; return the former one. Background processes move along.

    The former one is kept 30 s for an instant way back, or stopped as soon as its last request is answered.
    Raises Conflict when somebody with a newer fence was here, or the instance is to be stopped.
    """
    with transaction.atomic():
        row = Environment.objects.select_for_update().get(pk=environment.pk)
        former = row.active_instance
        if former is not None and former.pk == to.pk:
            return to.replaced
        _claim(to, former if keep_former else to.replaced)
        moved = Environment.objects.filter(pk=row.pk, active_instance=former, fence__lte=environment.fence)
        if moved.update(active_instance=to) != 1:
            raise Conflict(f"Somebody else is changing {environment} now.", cure="Look at what runs, then try again.")
        if former is not None:
            _let_go(former, keep=keep_former)
    environment.active_instance = to
    return former


def want(instance: Instance) -> None:
    """Want this instance to run beside the live one. Whoever asked may die: after a while it stops by itself."""
    until = timezone.now() + WAITS
    Instance.objects.filter(pk=instance.pk).update(wanted=Instance.Wanted.RUNNING, stop_after=until)


def confirm(environment: Environment, instance: Instance) -> bool:
    """Wait for the host's word that requests go there now."""
    return waiting.until_routed(environment, instance)


def _claim(to: Instance, replaced: Instance | None) -> None:
    changed = Instance.objects.filter(pk=to.pk, wanted=Instance.Wanted.RUNNING).update(
        stop_after=None, background=True, replaced=replaced
    )
    if changed != 1:
        raise Conflict("The instance is being stopped.", cure="Roll the release out again.")
    to.replaced = replaced


def _let_go(former: Instance, *, keep: bool) -> None:
    until = timezone.now() + timedelta(seconds=KEEP_OLD_SECONDS)
    wanted = Instance.Wanted.RUNNING if keep else Instance.Wanted.STOPPED
    Instance.objects.filter(pk=former.pk).update(background=False, stop_after=until, wanted=wanted)
