"""Deployments: attempts to make a release live. The only writer of Deployment.status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from controlplane.core import audit, live, queue
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict
from workloads.models import Change, Deployment, Environment, Release
from workloads.verdicts import Verdict

Status = Deployment.Status
UNDER_WAY = (Status.APPLYING, Status.VERIFYING)


def create(actor: Actor, change: Change, release: Release, kind: str, *, automatic: bool = False) -> Deployment:
    """The deployment this Change asks for, waiting; asked twice, the first one."""
    with transaction.atomic():
        deployment, made = Deployment.objects.get_or_create(
            change=change,
            defaults={
                "environment": change.environment,
                "release": release,
                "kind": kind,
                "automatic": automatic,
                "previous": current(change.environment),
                "run_number": change.run_number,
            },
        )
        if made:
            _tell(actor, "deployment.create", deployment)
    return deployment


def found(
    actor: Actor, environment: Environment, release: Release, *, whole: bool, evidence: Mapping[str, Any] | None = None
) -> Deployment:
    """What ran there before Timonel came, live without a Change. Verified where all of it stands: a rollback may return to it."""
    now = timezone.now()
    with transaction.atomic():
        deployment = Deployment.objects.create(
            environment=environment,
            release=release,
            status=Status.LIVE,
            verdict=Verdict.PASSED if whole else Verdict.NOT_EVALUATED,
            verified_at=now if whole else None,
            finished_at=now,
            **_with(evidence),
        )
        _tell(actor, "deployment.found", deployment)
    return deployment


def begin(actor: Actor, deployment: Deployment) -> Deployment:
    """Start it: one at a time in an environment. Called again, it goes on."""
    try:
        with transaction.atomic():
            if Deployment.objects.move(deployment.pk, Status.PENDING, Status.APPLYING, started_at=timezone.now()):
                deployment.refresh_from_db()
                _tell(actor, "deployment.begin", deployment, Status.PENDING)
    except IntegrityError as error:
        raise Conflict(
            f"Another deployment to {deployment.environment} is under way.",
            cure="Wait for it to end, or decide what it waits for, then ask again.",
        ) from error
    deployment.refresh_from_db()
    return deployment


def switched(actor: Actor, deployment: Deployment) -> None:
    """Traffic goes to it now; it is being verified."""
    _move(actor, deployment, [Status.APPLYING], Status.VERIFYING)


def record_verdict(actor: Actor, deployment: Deployment, verdict: Verdict, evidence: Mapping[str, Any] | None = None) -> None:
    """What its verification found; what becomes of it is decided after."""
    _move(actor, deployment, [Status.VERIFYING], Status.VERIFYING, verdict=verdict, **_with(evidence))


def mark_live(actor: Actor, deployment: Deployment, verdict: Verdict, evidence: Mapping[str, Any] | None = None) -> None:
    """It is what runs there, with this verdict; what was live before is superseded. Only a pass makes it verified.

    A failed one is live too while nothing took its traffic away: what runs and how good it is are two things.
    """
    now = timezone.now()
    with transaction.atomic():
        Environment.objects.select_for_update(no_key=True).get(pk=deployment.environment_id)
        for other in Deployment.objects.filter(environment=deployment.environment_id, status=Status.LIVE).exclude(pk=deployment.pk):
            _move(actor, other, [Status.LIVE], Status.SUPERSEDED)
        _move(
            actor,
            deployment,
            [Status.VERIFYING, Status.LIVE, Status.FAILED],
            Status.LIVE,
            verdict=verdict,
            verified_at=now if verdict == Verdict.PASSED else None,
            finished_at=now,
            **_with(evidence),
        )


def mark_failed(actor: Actor, deployment: Deployment, verdict: Verdict, evidence: Mapping[str, Any] | None = None) -> None:
    """It did not come up, or what came up is not good; traffic is, or will be, elsewhere."""
    sources = [Status.PENDING, *UNDER_WAY, Status.FAILED]
    with transaction.atomic():
        _move(
            actor,
            deployment,
            sources,
            Status.FAILED,
            verdict=verdict,
            verified_at=None,
            finished_at=timezone.now(),
            **_with(evidence),
        )
        if deployment.environment.driver == Environment.Driver.KUBERNETES:
            queue.enqueue("workloads.diagnose_deployment", deployment.pk)


def mark_rolled_back(actor: Actor, deployment: Deployment) -> None:
    """Traffic was taken away from it again."""
    _move(actor, deployment, [*UNDER_WAY, Status.FAILED, Status.LIVE], Status.ROLLED_BACK, finished_at=timezone.now())


def cancel(actor: Actor, change: Change) -> None:
    """What a Change asked for will not be: it was rejected, expired, voided or cancelled."""
    for deployment in Deployment.objects.filter(change=change, status=Status.PENDING):
        _move(actor, deployment, [Status.PENDING], Status.CANCELLED, finished_at=timezone.now())


def current(environment: Environment) -> Deployment | None:
    """Where traffic goes: the one being verified, otherwise the live one."""
    found = Deployment.objects.select_related("release__application").filter(environment=environment)
    return found.filter(status=Status.VERIFYING).first() or found.filter(status=Status.LIVE).first()


def last_verified(environment: Environment, *, other_than: Deployment | None = None) -> Deployment | None:
    """The newest deployment that passed its verification and was not taken back; not of the release `other_than` has."""
    verified = Deployment.objects.select_related("release__application").filter(
        environment=environment, verified_at__isnull=False, status__in=[Status.LIVE, Status.SUPERSEDED]
    )
    if other_than is not None:
        verified = verified.exclude(release=other_than.release_id)
    return verified.order_by("-verified_at").first()


def _move(actor: Actor, deployment: Deployment, sources: Sequence[str], target: str, **changes: Any) -> None:
    """Move it and tell, or refuse: somebody else moved it first."""
    with transaction.atomic():
        before = deployment.status
        if not Deployment.objects.move(deployment.pk, sources, target, **changes):
            deployment.refresh_from_db()
            stands = deployment.get_status_display().lower()
            raise Conflict(f"{deployment} is {stands}; it cannot become {target}.", cure="Reload and look again.")
        deployment.refresh_from_db()
        _tell(actor, f"deployment.{target}", deployment, before)


def _tell(actor: Actor, action: str, deployment: Deployment, before: str = "") -> None:
    after = {"status": deployment.status, "verdict": deployment.verdict}
    audit.record(actor, action, deployment, before={"status": before} if before else None, after=after)
    live.ring(f"environment-{deployment.environment_id}", deployment=deployment.pk)
    live.ring("overview", environment=deployment.environment_id)


def _with(evidence: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if evidence is None else {"evidence": dict(evidence)}
