"""The rows of instances on a cluster: what was begun, how far it is, which one has the traffic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from controlplane.core import live
from controlplane.core.errors import Conflict, LeaseLost
from workloads.drivers.kubernetes import kept
from workloads.drivers.kubernetes.parts import Parts
from workloads.foreseen import Foreseen
from workloads.models import Environment, Instance, Release

Status, Wanted = Instance.Status, Instance.Wanted
STAGING, STAGED, SWITCHING, SWITCHED = "staging", "staged", "switching", "switched"
FAILED, RETURNED, ASKING = "failed", "returned", "asking"
UNFIT = "unfit"  # it failed before it had any traffic


def begin(environment: Environment, release: Release, key: str, made: Parts, shown: Foreseen | None) -> Instance:
    """The instance of this key; asked again, the first one, with the manifests it was begun with."""
    told = {"forced": sorted(shown.forced), "removals": [_plain(found) for found in shown.as_json()["removals"]]} if shown else {}
    values = {
        "environment": environment,
        "release": release,
        "rollout": {"strategy": made.strategy, "set": made.set, "phase": STAGING, "shown": told},
        "replaced": environment.active_instance,
    }
    with transaction.atomic():
        instance, _ = Instance.objects.get_or_create(key=key, defaults=values)
        kept.keep(instance, made)
    return instance


def phase_of(instance: Instance) -> str:
    """How far it is."""
    return str(instance.rollout.get("phase", STAGING))


def note(environment: Environment, instance: Instance, phase: str, **more: Any) -> None:
    """Write down how far it is, before the next thing is done; a worker whose lease was lost is turned away."""
    with transaction.atomic():
        row = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
        if row.fence > environment.fence:
            raise LeaseLost("A newer worker changes this environment.")
        instance.rollout = {**instance.rollout, **more, "phase": phase}
        Instance.objects.filter(pk=instance.pk).update(rollout=instance.rollout)
    _ring(environment)


def remember(instance: Instance, **facts: Any) -> None:
    """Keep what was measured of it beside how far it is."""
    instance.rollout = {**instance.rollout, **facts}
    Instance.objects.filter(pk=instance.pk).update(rollout=instance.rollout)


def stands(instance: Instance, status: str, processes: Mapping[str, Any] | None = None) -> None:
    """Write down what was seen of it."""
    more = {} if processes is None else {"processes": dict(processes)}
    Instance.objects.filter(pk=instance.pk).update(status=status, observed_at=timezone.now(), **more)
    _ring(instance.environment)


def give(environment: Environment, to: Instance, *, keep: float | None) -> None:
    """`to` has the traffic now. The former one is kept for `keep` seconds, or left as it is (None)."""
    with transaction.atomic():
        row = Environment.objects.select_for_update().get(pk=environment.pk)
        if row.fence > environment.fence:
            raise LeaseLost("A newer worker changes this environment.")
        former = row.active_instance_id
        if former != to.pk and former not in {to.replaced_id, None}:
            raise Conflict(f"Somebody else is changing {environment} now.", cure="Look at what runs, then try again.")
        Instance.objects.filter(pk=to.pk).update(wanted=Wanted.RUNNING, stop_after=None, background=True)
        Environment.objects.filter(pk=row.pk).update(active_instance=to, routed_instance=to)
        if keep is not None and to.replaced_id and to.replaced_id != to.pk:
            until = timezone.now() + timedelta(seconds=keep)
            Instance.objects.filter(pk=to.replaced_id).update(background=False, stop_after=until)
    environment.active_instance = to
    _ring(environment)


def give_back(environment: Environment, leaving: Instance, to: Instance | None) -> None:
    """The former one has all the traffic again; the other one is stopped."""
    with transaction.atomic():
        row = Environment.objects.select_for_update().get(pk=environment.pk)
        if row.fence > environment.fence:
            raise LeaseLost("A newer worker changes this environment.")
        if row.active_instance_id not in {leaving.pk, to.pk if to else None, None}:
            raise Conflict(f"{environment} has moved on to another release.", cure="Look at what runs now.")
        if to is not None:
            Instance.objects.filter(pk=to.pk).update(wanted=Wanted.RUNNING, status=Status.RUNNING, stop_after=None, background=True)
        if row.active_instance_id == leaving.pk or to is not None:
            Environment.objects.filter(pk=row.pk).update(active_instance=to, routed_instance=to)
        Instance.objects.filter(pk=leaving.pk).update(wanted=Wanted.STOPPED, status=Status.STOPPED, background=False)
    environment.active_instance = to
    _ring(environment)


def keep_longer(environment: Environment, seconds: float) -> None:
    """The former instance is kept for as long as somebody looks at the new one, so that a way back is instant."""
    until = timezone.now() + timedelta(seconds=seconds)
    waiting = Instance.objects.filter(environment=environment.pk, wanted=Wanted.RUNNING)
    waiting.filter(Q(stop_after__lt=until)).update(stop_after=until)


def last_of(environment: Environment, release: Release) -> Instance | None:
    """The newest instance of a release here that is kept with its manifests."""
    found = Instance.objects.filter(environment=environment.pk, release=release.pk, applied__isnull=False)
    return found.order_by("-pk").first()


def _plain(value: Any) -> Any:
    return dict(value)


def _ring(environment: Environment) -> None:
    live.ring(f"environment-{environment.pk}", environment=environment.pk)
