"""What is proposed and decided: the gate, the decision, the question after an inconclusive verification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from agents.context import Context
from agents.models import Run
from agents.operations import actors, planning
from agents.operations.checkouts import environment_of
from controlplane.core.errors import NotFound
from workloads import actions, changes, rollback
from workloads.changes import waiting
from workloads.evidence import Assessment, Evidence
from workloads.models import Approval, Change, Deployment, Release
from workloads.verdicts import Verdict

Status = Change.Status
STANDS = {
    Status.WAITING: ("waiting", Verdict.NOT_EVALUATED),
    Status.APPROVED: ("approved", Verdict.PASSED),
    Status.APPLYING: ("approved", Verdict.PASSED),
    Status.APPLIED: ("approved", Verdict.PASSED),
    Status.FAILED: ("approved", Verdict.PASSED),
}


def gate(context: Context, release: int, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
    """Propose the run's Change; policy refuses it, approves it, or names who must."""
    run = Run.objects.get(pk=context.run)
    if run.input.get("change"):  # people approved it before there was a run
        return decision(_suggested(context, int(run.input["change"])).pk)
    if run.workflow == "rollback":
        change = rollback.propose(
            actors.actor_of(context),
            environment_of(context),
            reason=str(run.input.get("reason") or "") or f"{run.requested_by_label} asked for it.",
            idempotency_key=context.key,
            run_number=context.run,
        )
    else:
        change = _propose_roll_out(context, Release.objects.get(pk=release), assessments)
    context.say(f"{change.get_risk_display().capitalize()} risk: {' '.join(change.reasons)}")
    return decision(change.pk)


def _suggested(context: Context, change_id: int) -> Change:
    """What people approved before there was a run: of this environment, and from now on this run's."""
    if not Change.objects.filter(pk=change_id, environment=context.environment).exists():
        raise NotFound(f"There is no change {change_id} of this environment.")
    return changes.adopt(actors.engine(context), change_id, context.run)


def decision(change_id: int) -> Assessment:
    """How the Change stands, with who decided it and why."""
    change = Change.objects.get(pk=change_id)
    stands = Status.WAITING if waiting.waits(change, timezone.now()) else Status(change.status)
    word, verdict = STANDS.get(stands, (change.status, Verdict.FAILED))
    data = {"change": change.pk, "decision": word}
    rows = [[taken.decided_by, taken.get_decision_display(), taken.reason] for taken in change.approvals.all()]
    table = Evidence("Decisions", "table", {"columns": ["who", "what", "why"], "rows": rows})
    reasons = Evidence("Risk", "text", "\n".join([change.get_risk_display(), *change.reasons]))
    return Assessment(verdict, _sentence(change), _cure(change), (reasons, table) if rows else (reasons,), data=data)


def ask(context: Context, deployment_id: int) -> Assessment:
    """Propose to keep what could not be verified; whoever says no has it rolled back."""
    deployment = Deployment.objects.select_related("release", "environment__application").get(pk=deployment_id)
    known = Change.objects.filter(idempotency_key=context.key).first()
    change = known or _propose_promote(context, deployment)
    summary = f"The verification could not tell. A person decides: {change.title}"
    return Assessment(Verdict.INCONCLUSIVE, summary, data={"question": change.pk})


def _propose_roll_out(context: Context, release: Release, assessments: Mapping[str, Mapping[str, Any]]) -> Change:
    environment, actor = environment_of(context), actors.actor_of(context)
    known = Change.objects.filter(idempotency_key=context.key).first()
    if known is not None:
        return known
    draft = actions.roll_out(release, planning.facts_of(context, release))
    checks = {name: Verdict(found["verdict"]) for name, found in assessments.items()}
    preview = actions.preview(environment, [draft])
    return changes.propose(
        actor,
        environment,
        preview.document()["actions"][0]["what"],
        [draft],
        preview,
        changes.judge(actor, environment, draft, checks),
        proposers=actors.proposers(context),
        run_number=context.run,
        idempotency_key=context.key,
    )


def _propose_promote(context: Context, deployment: Deployment) -> Change:
    environment, actor = environment_of(context), actors.actor_of(context)
    draft = actions.promote(deployment)
    return changes.propose(
        actor,
        environment,
        f"Keep {deployment.release.label} live in {environment} although its verification was {Verdict(deployment.verdict).label}",
        [draft],
        actions.preview(environment, [draft]),
        changes.judge(actor, environment, draft),
        proposers=actors.proposers(context),
        run_number=context.run,
        idempotency_key=context.key,
    )


def _sentence(change: Change) -> str:
    last: Approval | None = change.approvals.order_by("-pk").first()
    if change.status == Status.REFUSED:
        return f"Policy refuses it: {change.refused_because}"
    if change.status == Status.REJECTED and last is not None:
        return f"{last.decided_by} rejected it: {last.reason}"
    if change.status in {Status.EXPIRED, Status.CANCELLED}:
        return str(change.result.get("outcome", {}).get("summary") or change.get_status_display())
    if change.status == Status.WAITING:
        return f"Waiting for {change.quorum} with the role {change.required_role}."
    approved = f"Approved by {last.decided_by}: {last.reason}" if last is not None else "Approved."
    early = waiting.not_yet(change, timezone.now())
    return f"{approved} {early.message}" if early else approved


def _cure(change: Change) -> str:
    cures = {
        Status.REJECTED: "Answer the reason, then ask again.",
        Status.EXPIRED: "Ask again, and tell whoever may approve.",
        Status.CANCELLED: "Ask again: the new proposal shows what would be done now.",
    }
    return cures.get(Status(change.status), "")
