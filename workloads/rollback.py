"""Rolling back: to what, what the migrations make of it, and when Timonel does it by itself.

Source of the rules: FORMULAS.md, Automatic rollback and Migrations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from controlplane.core import rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Conflict
from controlplane.core.models import User
from controlplane.core.permissions import Verb
from workloads import actions, changes, deployments, holds, incidents, policy, previews
from workloads.actions import ActionDraft
from workloads.drivers import Outcome, select
from workloads.models import Action, Change, Deployment, Environment, Incident
from workloads.previews import Facts, Migration
from workloads.verdicts import Verdict

TOO_OLD = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rollback of an environment would do. `target` is None where there is nothing to return to."""

    environment: Environment
    current: Deployment | None
    target: Deployment | None
    migrations: tuple[Migration, ...]
    impossible_because: str
    sentences: tuple[str, ...]

    @property
    def possible(self) -> bool:
        """Whether it can be asked for."""
        return not self.impossible_because


@dataclass(frozen=True, slots=True)
class Situation:
    """What the automatic rules look at; times with a zone."""

    kind: str
    failed_at: datetime
    settled: bool
    verified_target: bool
    held: bool
    migrations_allow: bool = True


@dataclass(frozen=True, slots=True)
class Automatic:
    """What the rules say: roll back, wait and ask again, or do nothing; and why."""

    act: bool
    because: str
    wait: bool = False


def automatic(situation: Situation, now: datetime) -> Automatic:
    """Pure: whether Timonel rolls back by itself. A rollback is never rolled back; what is unsettled is waited for."""
    if situation.kind == Deployment.Kind.ROLL_BACK:
        return Automatic(False, "What failed is itself a rollback, and a rollback is never rolled back: a person must decide.")
    if situation.held:
        return Automatic(False, "Automation is held here since an earlier automatic rollback: a person must decide.")
    if now - situation.failed_at > TOO_OLD:
        return Automatic(False, "The failure is older than 20 minutes: it is left to a person.")
    if not situation.settled:
        return Automatic(False, "Another change is being applied here: waiting until it has settled.", wait=True)
    if not situation.verified_target:
        return Automatic(False, "Nothing was verified here before, so there is nothing to roll back to. The failed release stays.")
    if not situation.migrations_allow:
        return Automatic(False, "The older code cannot run on the database as it is now, so it is not rolled back by itself.")
    return Automatic(True, "The last verified release can take over.")


def plan(environment: Environment) -> Plan:
    """What would be rolled back to, and what the migrations applied since make of it."""
    current = deployments.current(environment)
    target = deployments.last_verified(environment, other_than=current)
    if current is None:
        return Plan(environment, None, None, (), "Nothing runs here, so there is nothing to roll back.", ())
    if target is None:
        return Plan(
            environment, current, None, (), "No other release was ever verified here, so there is nothing to return to.", ()
        )
    migrations = tuple(_applied_since(environment, target))
    judgement = policy.judge(environment.tier, policy.ROLL_BACK, migrations)
    return Plan(environment, current, target, migrations, judgement.refused_because, _sentences(target, migrations))


def propose(
    actor: Actor,
    environment: Environment,
    *,
    reason: str,
    idempotency_key: str,
    run_number: int | None = None,
    automatic: bool = False,
) -> Change:
    """The Change that returns to the last verified release. Policy approves or refuses it at once.

    A part of Timonel may ask too: for a run that a person asked for, or, `automatic`, by the rules above.
    """
    if actor.kind != ActorKind.SYSTEM:
        rights.demand(actor, Verb.ROLL_BACK, environment.scopes, str(environment))
    known = Change.objects.filter(idempotency_key=idempotency_key).first()
    if known is not None:
        return known
    found = plan(environment)
    draft = _draft(found, reason, automatic=automatic)
    return changes.propose(
        actor,
        environment,
        _sentence(found, draft),
        [draft],
        actions.preview(environment, [draft]),
        policy.judge(environment.tier, policy.ROLL_BACK, found.migrations, held=False),
        run_number=run_number,
        idempotency_key=idempotency_key,
    )


def suggest(
    actor: Actor, environment: Environment, *, by: str, reason: str, idempotency_key: str, proposers: Iterable[User] = ()
) -> Change:
    """The same Change, suggested by somebody whose word alone moves nothing: people decide, whatever policy says of a rollback.

    `by` says in its title whose suggestion it is. It belongs to no run: none waits for it, and it voids nothing of theirs.
    Raises Conflict where it is not possible, where a deployment is under way, and where a rollback waits already.
    """
    known = Change.objects.filter(idempotency_key=idempotency_key).first()
    if known is not None:
        return known
    found = plan(environment)
    _demand_quiet(found)
    draft = _draft(found, reason)
    judgement = policy.judge(environment.tier, policy.ROLL_BACK, found.migrations, held=environment.held_at is not None)
    return changes.propose(
        actor,
        environment,
        f"{by}: {_sentence(found, draft)}",
        [draft],
        actions.preview(environment, [draft]),
        replace(judgement, policy_approves=False, reasons=(f"{by}: nothing of it approves itself.", *judgement.reasons)),
        proposers=proposers,
        idempotency_key=idempotency_key,
    )


@dataclass(frozen=True, slots=True)
class Response:
    """What follows from a failed verification: a Change to apply, or none and why; `wait` says to ask again soon."""

    change: Change | None
    because: str
    incident: Incident
    wait: bool = False


def respond(
    actor: Actor, deployment: Deployment, outcome: Outcome, *, idempotency_key: str, now: datetime | None = None
) -> Response:
    """After a failed verification: write the verdict down, open an incident, propose the rollback if the rules say so.

    May be called again with the same key. Where nothing is rolled back the failed release stays live with its verdict.
    """
    known = Change.objects.filter(idempotency_key=idempotency_key).first()
    evidence = actions.evidence_of(outcome)
    if known is None and deployment.status == Deployment.Status.VERIFYING:
        deployments.record_verdict(actor, deployment, outcome.verdict, evidence)
    title = f"{deployment.release.label} failed its verification in {deployment.environment}"
    incident = incidents.open_for(deployment, title, evidence, actor=actor)
    if known is not None:
        return Response(known, "The rollback is proposed already.", incident)
    answer = automatic(situation_of(deployment, incident.opened_at), now or timezone.now())
    if answer.act:
        change = propose(
            actor,
            deployment.environment,
            reason=outcome.summary,
            idempotency_key=idempotency_key,
            run_number=deployment.run_number,
            automatic=True,
        )
        return Response(change, answer.because, incident)
    if not answer.wait and deployment.status == Deployment.Status.VERIFYING:
        with transaction.atomic():
            deployments.mark_live(actor, deployment, outcome.verdict, evidence)
            holds.hold(actor, deployment.environment, answer.because)
    return Response(None, answer.because, incident, answer.wait)


def conclude(actor: Actor, change: Change, outcome: Outcome) -> Deployment:
    """After a rollback was applied and watched: it is live with this verdict, and after an automatic one automation is held."""
    deployment = Deployment.objects.select_related("release", "environment", "previous").get(change=change)
    with transaction.atomic():
        deployments.mark_live(actor, deployment, outcome.verdict, actions.evidence_of(outcome))
        if deployment.automatic:
            holds.hold(actor, deployment.environment, f"Rolled back to {deployment.release.label} by itself.")
        caused = Incident.objects.filter(deployment=deployment.previous_id).first() if deployment.previous_id else None
        if caused is not None and outcome.verdict == Verdict.PASSED:
            incidents.mitigate(actor, caused)
    return deployment


def situation_of(deployment: Deployment, failed_at: datetime) -> Situation:
    """The rows that the automatic rules look at."""
    environment = deployment.environment
    found = plan(environment)
    unsettled = Change.objects.filter(environment=environment, status__in=[Change.Status.APPROVED, Change.Status.APPLYING])
    put_off = Q(not_before__gt=timezone.now()) | Q(look_again_at__isnull=False)  # for days, perhaps: nothing to wait for
    unsettled = unsettled.exclude(put_off, status=Change.Status.APPROVED)
    others = Deployment.objects.filter(environment=environment, status__in=deployments.UNDER_WAY).exclude(pk=deployment.pk)
    return Situation(
        kind=deployment.kind,
        failed_at=failed_at,
        settled=not unsettled.exclude(deployment=deployment).exists() and not others.exists(),
        verified_target=found.target is not None,
        held=environment.held_at is not None,
        migrations_allow=found.possible or found.target is None,
    )


def _applied_since(environment: Environment, target: Deployment) -> list[Migration]:
    """The migrations that roll-outs after `target` brought and that stay applied when the code returns."""
    drafts = Action.objects.filter(
        kind=Action.Kind.ROLL_OUT,
        change__environment=environment,
        change__deployment__pk__gt=target.pk,
        change__deployment__started_at__isnull=False,
    ).order_by("change__deployment__pk")
    return [migration for draft in drafts for migration in previews.migrations_of(draft.parameters.get("facts", {}))]


def _sentences(target: Deployment, migrations: Sequence[Migration]) -> tuple[str, ...]:
    label = target.release.label
    if not migrations:
        return (f"No migration was applied since {label}: code, configuration and variables return together.",)
    names = ", ".join(sorted({f"{migration.app}.{migration.name}" for migration in migrations}))
    stays = f"The database keeps {names}, applied since {label}: a rollback takes no data away."
    breaking = [migration.reason for migration in migrations if policy.BREAKS_OLD_CODE in migration.kinds]
    return (stays, *(breaking or [f"The code of {label} does not mind."]))


def _demand_quiet(found: Plan) -> None:
    """A suggestion adds nothing where a rollback is decided on already."""
    environment = found.environment
    if not found.possible:
        raise Conflict(found.impossible_because, cure="Roll out the release you want instead.")
    if Deployment.objects.filter(environment=environment, status__in=deployments.UNDER_WAY).exists():
        raise Conflict(
            f"A deployment to {environment} is under way, and its own verdict decides.", cure="Look again when it ended."
        )
    waiting = Change.objects.filter(environment=environment, status__in=Change.OPEN, actions__kind=Action.Kind.ROLL_BACK).first()
    if waiting is not None:
        raise Conflict(f"Change {waiting.pk} would roll back already.", cure="Decide that one.")


def _draft(found: Plan, reason: str, *, automatic: bool = False) -> ActionDraft:
    if found.target is None:
        raise Conflict(found.impossible_because, cure="Roll out the release you want instead.")
    world = select.world(found.environment, found.target.release, returning=True)
    return actions.roll_back(found.target, replace(_facts(found, reason), world=world), automatic=automatic)


def _sentence(found: Plan, draft: ActionDraft) -> str:
    assert found.target is not None
    return previews.sentence(draft.kind, found.target.release, found.environment, found.current.release if found.current else None)


def _facts(found: Plan, reason: str) -> Facts:
    return Facts(migrations=found.migrations, notes=(*found.sentences, f"Why: {reason}"))
