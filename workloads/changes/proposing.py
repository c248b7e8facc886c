"""Proposals: the preview's bytes, the policy's judgement, and who may not decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict
from controlplane.core.models import User
from controlplane.core.permissions import Verb
from workloads import actions, deployments, foreseen, policy, previews, releases
from workloads.actions import ActionDraft
from workloads.changes.ending import NOT_BEGUN, PROPOSE_AGAIN, Status, end, tell
from workloads.models import Action, Approval, Change, Environment, Release
from workloads.policy import Judgement, Mending
from workloads.previews import Preview
from workloads.repairs import KINDS
from workloads.verdicts import Verdict

DEPLOYS = (Action.Kind.ROLL_OUT, Action.Kind.ROLL_BACK)


def judge(actor: Actor, environment: Environment, draft: ActionDraft, checks: Mapping[str, Verdict] | None = None) -> Judgement:
    """The policy's judgement of this effect here and now; `checks` are the verdicts of the specialists by name."""
    held = environment.held_at is not None and not _answers_for(actor, environment)
    rules = policy.Rules(environment.quorum, environment.required_role, environment.approval_expires_after)
    if draft.kind == Action.Kind.REPAIR:
        return policy.judge_repair(environment.tier, _mending(draft), held=held, rules=rules)
    judgement = policy.judge(
        environment.tier,
        draft.kind,
        previews.migrations_of(draft.parameters.get("facts", {})),
        checks,
        replaces=deployments.current(environment) is not None,
        held=held,
        rules=rules,
    )
    asks = foreseen.needs_a_person(draft.parameters.get("facts", {}).get("world", {}))
    return policy.with_a_person(judgement, asks) if asks else judgement


def propose(
    actor: Actor,
    environment: Environment,
    title: str,
    drafts: Sequence[ActionDraft],
    preview: Preview,
    judgement: Judgement,
    *,
    proposers: Iterable[User] = (),
    proposer_emails: Iterable[str] = (),
    run_number: int | None = None,
    idempotency_key: str,
) -> Change:
    """Write the proposal down: refused by policy, approved by policy, or waiting for people. Asked twice, the first one.

    `proposers` and `proposer_emails` may not approve it; the actor and the commit's author are added by themselves,
    unless the tier lets a person work alone.
    """
    known = Change.objects.filter(idempotency_key=idempotency_key).first()
    if known is not None:
        return _known(actor, known, preview)
    if actions.preview(environment, drafts).sha256 != preview.sha256:
        raise Conflict(f"{environment} has moved since this preview was made.", cure="Make the preview again.")
    with transaction.atomic():
        change = _create(actor, environment, title, preview, judgement, run_number, idempotency_key)
        if not judgement.proposer_may_decide:
            _exclude(actor, change, drafts, proposers, proposer_emails)
        _record_actions(actor, change, drafts)
        _void_earlier_of_the_run(actor, change)
        tell(actor, "change.propose", change, reason=judgement.refused_because)
        if change.status == Status.WAITING and judgement.policy_approves:
            _policy_approves(change, judgement.approves_because)
    return change


def _mending(draft: ActionDraft) -> Mending:
    """A repair, or the way back from one, as policy looks at it."""
    told = draft.parameters["repair"]
    kind = KINDS[told["kind"]]
    return Mending(
        kind.label,
        kind.risk.value,
        reversible=kind.reversible or bool(draft.parameters.get("undoes") or draft.parameters.get("follows")),
        whole_cluster=not told["ref"]["namespace"],
        unattended=str(draft.parameters.get("unattended", "")),
    )


def _answers_for(actor: Actor, environment: Environment) -> bool:
    """Whether the hold of automation is not for them: whoever may release it, or sits at the machine, takes the helm."""
    return actor.at_the_terminal or rights.may(actor, Verb.UNLOCK, environment.scopes)


def _create(
    actor: Actor, environment: Environment, title: str, preview: Preview, judgement: Judgement, run_number: int | None, key: str
) -> Change:
    now = timezone.now()
    return Change.objects.create(
        environment=environment,
        title=title[:300],
        status=Status.REFUSED if judgement.refused_because else Status.WAITING,
        preview=preview.content,
        preview_sha256=preview.sha256,
        risk=judgement.risk,
        reasons=list(judgement.reasons),
        quorum=judgement.quorum,
        required_role=judgement.required_role,
        policy_approves=judgement.policy_approves,
        proposed_by=actor.label,
        run_number=run_number,
        idempotency_key=key,
        fence=previews.parse(preview.content)["target"]["fence"],
        refused_because=judgement.refused_because,
        expires_at=now + judgement.expires_after,
        decided_at=now if judgement.refused_because else None,
    )


def _exclude(actor: Actor, change: Change, drafts: Sequence[ActionDraft], proposers: Iterable[User], emails: Iterable[str]) -> None:
    """Who asked, and who wrote the commit, may not approve it."""
    change.proposers.set({user.pk for user in proposers} | ({actor.user_id} if actor.user_id else set()))
    rolled_out = [draft.parameters["release"] for draft in drafts if draft.kind == Action.Kind.ROLL_OUT]
    authors = {releases.author_email(release) for release in Release.objects.filter(pk__in=rolled_out)}
    change.proposer_emails = sorted({email.strip().lower() for email in emails} | authors - {""})
    change.save(update_fields=["proposer_emails"])


def _record_actions(actor: Actor, change: Change, drafts: Sequence[ActionDraft]) -> None:
    for position, draft in enumerate(drafts):
        Action.objects.create(change=change, position=position, kind=draft.kind, parameters=dict(draft.parameters))
        if draft.kind in DEPLOYS and change.status != Status.REFUSED:
            release = Release.objects.get(pk=draft.parameters["release"])
            deployments.create(actor, change, release, draft.kind, automatic=bool(draft.parameters.get("automatic")))


def _policy_approves(change: Change, told: str) -> None:
    """Policy decides by itself, and its decision is recorded like a person's."""
    because = told or f"The policy of the tier {change.environment.tier} approves this by itself."
    Approval.objects.create(
        change=change,
        decided_by="policy",
        decision=Approval.Decision.APPROVE,
        reason=because,
        preview_sha256=change.preview_sha256,
    )
    Change.objects.move(change.pk, Status.WAITING, Status.APPROVED, decided_at=timezone.now())
    change.refresh_from_db()
    tell(Actor.system("policy"), "change.approve", change, reason=because)


def _known(actor: Actor, known: Change, preview: Preview) -> Change:
    """The first proposal under this key; another content under the same key voids it with all its decisions."""
    if known.status not in NOT_BEGUN or known.preview_sha256 == preview.sha256:
        return known
    with transaction.atomic():
        end(actor, known, Status.CANCELLED, "change.void", "Its content changed, so every decision on it is void.")
    raise Conflict("What would be done has changed since it was proposed.", cure=PROPOSE_AGAIN)


def _void_earlier_of_the_run(actor: Actor, change: Change) -> None:
    if change.run_number is None:
        return
    earlier = Change.objects.filter(run_number=change.run_number, status__in=NOT_BEGUN, environment=change.environment_id)
    for other in earlier.exclude(pk=change.pk).select_related("environment"):
        end(actor, other, Status.CANCELLED, "change.void", f"Replaced by change {change.pk}: its content changed.")
