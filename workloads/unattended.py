"""Remedies without a person: what the policy of an environment lets through, counted under a lock; and its stop button."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from controlplane.core import audit, live, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.permissions import Verb
from controlplane.core.redaction import redact
from workloads import remedy_rules
from workloads.changes.ending import NOT_BEGUN, end
from workloads.models import Action, Change, Environment, RemedyPolicy, RemedyUse
from workloads.remedy_rules import Judged, Policy, Use, Wanted
from workloads.repairs import KINDS, Repair
from workloads.timetables import timetable

POLICY = Actor.system("policy")
MARK = "unattended"  # among the parameters of an action: the reason that `allows` gave for it


def allows(environment: Environment, repair: Repair, *, key: str = "") -> str:
    """Why no person is asked, as it is recorded with the approval; empty where a person decides.

    A yes is counted at once, so that two that ask at the same moment cannot both be the last. `key`: of the Change that it is for
    (its idempotency key), so that asked again it is the same yes, and the stop button finds the Change.
    """
    with transaction.atomic():
        row = RemedyPolicy.objects.select_for_update().filter(environment=environment).first()
        if row is None or repair.kind not in KINDS:
            return ""
        known = RemedyUse.objects.filter(environment=environment, key=key).first() if key else None
        if known is not None:
            return "" if row.stopped_at else known.said
        now = timezone.now()
        judged = _judge(Environment.objects.select_related("application").get(pk=environment.pk), row, repair, now)
        if judged.allowed:
            _count(environment, repair, judged, key, now)
    return judged.because if judged.allowed else ""


def why_not(environment: Environment, repair: Repair) -> str:
    """Why a person would decide over this repair now; empty where policy would let it through. Counts nothing."""
    row = RemedyPolicy.objects.filter(environment=environment).first()
    if row is None:
        return "No policy allows repairs without a person here."
    judged = _judge(environment, row, repair, timezone.now())
    return "" if judged.allowed else judged.because


def stop(actor: Actor, environment: Environment, *, reason: str = "") -> RemedyPolicy:
    """From now on a person decides over every repair here; what was let through and has not begun is taken back.

    Whoever may run or approve things there may. Raises Conflict where there is nothing to stop.
    """
    if not rights.may(actor, Verb.APPROVE, environment.scopes):
        rights.demand(actor, Verb.RUN, environment.scopes, f"repairs in {environment}, nor stop them")
    with transaction.atomic():
        row = RemedyPolicy.objects.select_for_update().filter(environment=environment).first()
        if row is None or row.stopped_at is not None:
            raise Conflict(f"No repair is applied without a person in {environment}.", cure="Reload to see how it stands.")
        row.stopped_at, row.stopped_by, row.stopped_because = timezone.now(), actor.label[:200], redact(reason.strip())[:300]
        row.save(update_fields=["stopped_at", "stopped_by", "stopped_because"])
        withdrawn = _withdraw(actor, environment)
        audit.record(actor, "remedies.stop", row, after={"environment": str(environment), "withdrawn": withdrawn}, reason=reason)
        live.ring(f"environment-{environment.pk}", environment=environment.pk)
    return row


def resume(actor: Actor, environment: Environment, *, reason: str) -> RemedyPolicy:
    """Let the policy work again. Whoever may unlock there; with a reason."""
    rights.demand(actor, Verb.UNLOCK, environment.scopes, f"repairs without a person in {environment}")
    if not reason.strip():
        raise Invalid("Letting repairs be applied again needs a reason.", cure="Say in a sentence why it is safe now.")
    with transaction.atomic():
        row = RemedyPolicy.objects.select_for_update().filter(environment=environment, stopped_at__isnull=False).first()
        if row is None:
            raise Conflict(f"Repairs without a person are not stopped in {environment}.", cure="Reload to see how it stands.")
        before = {"stopped_by": row.stopped_by, "reason": row.stopped_because}
        row.stopped_at, row.stopped_by, row.stopped_because = None, "", ""
        row.save(update_fields=["stopped_at", "stopped_by", "stopped_because"])
        audit.record(actor, "remedies.resume", row, before=before, reason=reason.strip())
        live.ring(f"environment-{environment.pk}", environment=environment.pk)
    return row


def policy_of(environment: Environment) -> RemedyPolicy | None:
    """The policy of an environment, if it has one."""
    return RemedyPolicy.objects.filter(environment=environment).first()


def used_lately(environment: Environment, now: datetime) -> list[RemedyUse]:
    """What was let through within the hour, the newest first."""
    return list(RemedyUse.objects.filter(environment=environment, used_at__gt=now - remedy_rules.WITHIN))


def possible() -> list[tuple[str, str]]:
    """The kinds that a policy may name, each with its label: what can be taken back, and is of no high risk."""
    return [(name, kind.label) for name, kind in sorted(KINDS.items()) if kind.reversible and kind.risk != remedy_rules.HIGH]


def _judge(environment: Environment, row: RemedyPolicy, repair: Repair, now: datetime) -> Judged:
    kind = KINDS[repair.kind]
    wanted = Wanted(repair.kind, kind.label, kind.reversible, str(kind.risk), _object(repair), _cause(repair))
    policy = Policy(environment.tier, row.kinds, row.most_an_hour, row.in_production, _still(environment, row, now))
    uses = [Use(use.used_at, use.object, use.cause) for use in used_lately(environment, now)]
    return remedy_rules.judge(policy, wanted, uses, now)


def _still(environment: Environment, row: RemedyPolicy, now: datetime) -> str:
    """What keeps the environment still at this moment, in a sentence."""
    if row.stopped_at is not None:
        return f"{row.stopped_by} stopped repairs without a person here."
    if environment.held_at is not None:
        return "Automation is held here."
    table = timetable(environment, now)
    if table.stops:
        return "Everything is stopped here."
    if table.lock is not None and table.lock.holds(now):
        return f"{table.lock.owner_label} has it locked."
    return "" if table.standing(now).open else "No window is open here."


def _count(environment: Environment, repair: Repair, judged: Judged, key: str, now: datetime) -> None:
    use = RemedyUse.objects.create(
        environment=environment,
        kind=repair.kind,
        object=_object(repair),
        cause=_cause(repair),
        summary=redact(repair.summary)[:300],
        said=judged.because[:300],
        key=key[:200],
        used_at=now,
    )
    audit.record(POLICY, "remedies.allow", use, after={"kind": use.kind, "object": use.object}, reason=use.said)


def _withdraw(actor: Actor, environment: Environment) -> list[int]:
    """End the Changes that this policy alone approved and that have not begun."""
    keys = RemedyUse.objects.filter(environment=environment).exclude(key="").values("key")
    marked = Action.objects.filter(parameters__has_key=MARK).values("change")
    rows = Change.objects.filter(environment=environment, status__in=NOT_BEGUN, policy_approves=True)
    rows = rows.filter(Q(idempotency_key__in=keys) | Q(pk__in=marked))
    waiting = list(rows.select_for_update(of=("self",)).select_related("environment").order_by("pk"))
    for change in waiting:
        end(actor, change, Change.Status.CANCELLED, "change.void", "Repairs without a person were stopped here.")
    return [change.pk for change in waiting]


def _object(repair: Repair) -> str:
    place = f"{repair.ref.namespace}/" if repair.ref.namespace else ""
    return f"{repair.ref.kind} {place}{repair.ref.name}"[:400]


def _cause(repair: Repair) -> str:
    """The fault and where it is; of a repair that answers none, the object itself."""
    return f"{repair.fault} {repair.object}"[:400] if repair.fault else _object(repair)
