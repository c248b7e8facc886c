"""Drift: what on a cluster is no longer as it was applied. Found by looks, kept as history, mended by a Change only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from controlplane.core import audit, live, rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Conflict, TimonelError
from controlplane.core.permissions import Verb
from workloads import actions, changes, deployments
from workloads.drivers import Mends
from workloads.drivers.select import driver_of
from workloads.foreseen import Foreseen, read
from workloads.models import Change, Deployment, Drift, Environment, Target
from workloads.previews import sha256

LOOK_EVERY = timedelta(minutes=5)
ENGINE = Actor.system("drift")
Status = Drift.Status


def look(environment: Environment) -> Drift | None:
    """Look at the cluster; write down what drifted, or that it is over. Nothing while a change is under way there."""
    driver = driver_of(environment)
    if not isinstance(driver, Mends) or _busy(environment):
        return standing(environment)
    fence = environment.fence
    try:
        found = driver.drifted(environment)
    except TimonelError as error:
        Target.objects.filter(environment=environment).update(drift_looked_at=timezone.now(), drift_trouble=error.message[:300])
        return standing(environment)
    Target.objects.filter(environment=environment).update(drift_looked_at=timezone.now(), drift_trouble="")
    return _write_down(environment, found, fence)


def look_at_all() -> int:
    """Look wherever it is time; return at how many."""
    due = Environment.objects.filter(driver=Environment.Driver.KUBERNETES, active_instance__isnull=False, target__mode="apply")
    before = timezone.now() - LOOK_EVERY
    due = due.filter(Q(target__drift_looked_at=None) | Q(target__drift_looked_at__lt=before))
    found = list(due.select_related("application", "active_instance__release"))
    for environment in found:
        look(environment)
    return len(found)


def standing(environment: Environment) -> Drift | None:
    """What drifted there and stands."""
    return Drift.objects.filter(environment=environment.pk, status=Status.STANDING).first()


def shown(drift: Drift) -> Foreseen:
    """What was found, as mending it would change it back."""
    return read(drift.objects_found[0])


def propose_restore(actor: Actor, drift: Drift, *, idempotency_key: str = "") -> Change:
    """The Change that makes everything as it was applied. Raises Conflict where it is over or proposed already."""
    environment = drift.environment
    if actor.kind != ActorKind.SYSTEM:
        rights.demand(actor, Verb.RUN, environment.scopes, str(environment))
    if drift.status != Status.STANDING:
        raise Conflict("This drift is over.", cure="Look again.")
    if drift.change is not None and drift.change.status in Change.OPEN:
        return drift.change
    draft = actions.restore(shown(drift))
    preview = actions.preview(environment, [draft])
    judged = replace(changes.judge(actor, environment, draft), policy_approves=False)
    key = (
        idempotency_key
        or f"restore-{drift.pk}-{Drift.objects.filter(change__isnull=False, pk=drift.pk).count()}-{environment.fence}"
    )
    title = str(preview.document()["actions"][0]["what"])
    change = changes.propose(actor, environment, title, [draft], preview, judged, idempotency_key=key)
    Drift.objects.filter(pk=drift.pk).update(change=change)
    return change


def mended(change: Change) -> None:
    """Look at once, so that what was mended is said to be."""
    environment = Environment.objects.select_related("application", "active_instance__release").get(pk=change.environment_id)
    look(environment)


def _busy(environment: Environment) -> bool:
    applying = Change.objects.filter(environment=environment, status=Change.Status.APPLYING)
    return applying.exists() or Deployment.objects.filter(environment=environment, status__in=deployments.UNDER_WAY).exists()


def _write_down(environment: Environment, found: Foreseen | None, fence: int) -> Drift | None:
    """The same drift is seen again; another one begins; none ends it. What moved while we looked is not believed."""
    now = timezone.now()
    with transaction.atomic():
        row = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
        if row.fence != fence:
            return standing(environment)
        known = Drift.objects.select_for_update().filter(environment=environment, status=Status.STANDING).first()
        told = found.as_json() if found is not None and found.differences else None
        digest = sha256(str(told).encode())
        if known is not None and told is not None and known.digest == digest:
            known.seen_at = now
            known.save(update_fields=["seen_at"])
            return known
        if known is not None:
            applied = known.change is not None and known.change.status == Change.Status.APPLIED
            ended = Status.MENDED if applied and told is None else Status.OVER
            Drift.objects.move(known.pk, Status.STANDING, ended, ended_at=now)
            audit.record(ENGINE, f"drift.{ended.value}", known, after={"status": ended.value})
        made = None
        if told is not None:
            made = Drift.objects.create(environment=environment, objects_found=[told], digest=digest, seen_at=now)
            audit.record(ENGINE, "drift.found", made, after={"objects": [one.title for one in found.differences] if found else []})
        live.ring(f"environment-{environment.pk}", environment=environment.pk)
        return made
