"""Mending: a repair or its way back becomes a Change, is carried through, and looked at until what was broken holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from controlplane.core import queue, rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Conflict, NotFound, Refused
from controlplane.core.models import User
from controlplane.core.permissions import Verb
from workloads import actions, changes, offers, policy, repairs, unattended
from workloads.actions import ActionDraft
from workloads.changes.ending import WAKE_UP
from workloads.drivers import Outcome, Say
from workloads.drivers.select import driver_of
from workloads.models import Action, Change, Diagnosis, Environment, Incident
from workloads.offers import Offer
from workloads.previews import Facts
from workloads.repairs import KINDS, Repair
from workloads.verdicts import Verdict

SECONDS = 120.0  # how long is looked whether it holds
Step = Action.Status


def offered(actor: Actor, diagnosis: Diagnosis, *, foresee: bool = True) -> list[Offer]:
    """The remedies of a diagnosis, best first within each hypothesis. `foresee`: with what each would do to the cluster."""
    _demand(actor, Verb.VIEW, diagnosis.environment)
    return offers.offers(diagnosis, foresee=foresee)


def offer(actor: Actor, diagnosis: Diagnosis, key: str) -> Offer:
    """One of them. Raises NotFound."""
    _demand(actor, Verb.VIEW, diagnosis.environment)
    return offers.one(diagnosis, key)


def propose(
    actor: Actor,
    environment: Environment,
    repair: Repair,
    *,
    incident: Incident | None = None,
    run_number: int | None = None,
    idempotency_key: str,
    proposers: Iterable[User] = (),
    reviewed: bool = False,
) -> Change:
    """The Change that repairs one object, and what must follow that. The same one, open already, is given back.

    `reviewed`: by a pull request, where a repository says what runs.

    Raises Refused for a missing right (named), and where the cluster would refuse it or no commit can say it; Conflict where the
    object is not as the repair presumes.
    """
    _demand(actor, Verb.RUN, environment)
    environment = _fresh(environment)
    repair = repairs.read(repair.as_json())
    known = _known(environment, idempotency_key) or _open(environment, repair)
    if known is not None:
        return known
    more: dict[str, Any] = ({"incident": incident.pk} if incident else {}) | ({"reviewed": True} if reviewed else {})
    drafts = [_draft(environment, repair, more)]
    drafts += [_draft(environment, one, more | {"follows": True}) for one in repairs.after(repair)]
    with transaction.atomic():  # whoever presses the stop button waits for the Change, and then takes it back
        if because := unattended.allows(environment, repair, key=idempotency_key):
            drafts = [replace(draft, parameters={**draft.parameters, "unattended": because}) for draft in drafts]
        return _propose(actor, environment, drafts, idempotency_key, run_number, proposers)


def propose_undo(
    actor: Actor, change: Change, *, idempotency_key: str, run_number: int | None = None, proposers: Iterable[User] = ()
) -> Change:
    """The Change that takes an applied repair back, last action first. Raises Refused where nothing does."""
    _demand(actor, Verb.RUN, change.environment)
    environment = _fresh(change.environment)
    known = _known(environment, idempotency_key)
    if known is not None:
        return known
    done = list(change.actions.filter(kind=Action.Kind.REPAIR, status=Step.DONE).order_by("-position"))
    if not done:
        raise Refused("Nothing was repaired by this change that could be taken back.")
    before = undone_by(change)
    if before is not None and before.status in Change.OPEN:
        return before
    if before is not None:
        raise Conflict(f"Change {before.pk} took it back already.")
    return _propose(actor, environment, _ways_back(environment, done), idempotency_key, run_number, proposers)


def undone_by(change: Change) -> Change | None:
    """The Change that takes this one back: open, or applied."""
    numbers = list(change.actions.values_list("pk", flat=True))
    found = Change.objects.filter(actions__parameters__undoes__in=numbers, status__in=[*Change.OPEN, Change.Status.APPLIED])
    return found.order_by("-pk").first()


def why_no_undo(actor: Actor, change: Change) -> str:
    """Why this person cannot ask to take it back; empty if they can. Asks no cluster."""
    done = [action for action in change.actions.all() if action.kind == Action.Kind.REPAIR and action.status == Step.DONE]
    if not done:
        return "Only what was applied is taken back."
    told = [action.parameters["repair"]["kind"] for action in done]
    if not any(KINDS[kind].reversible for kind in told if kind in KINDS):
        return "It cannot be taken back by itself."
    if not rights.may(actor, Verb.RUN, change.environment.scopes):
        return "Your roles do not let you change what runs here."
    return ""


def verify(actor: Actor, change: Change, *, say: Say, seconds: float = SECONDS) -> Outcome:
    """Look until what was broken holds, or the time is over; what was found is kept with the Change."""
    outcome = changes.verify(change.pk, say=say, seconds=seconds)
    changes.conclude(actor, change.pk, outcome)
    return outcome


def _ways_back(environment: Environment, done: Sequence[Action]) -> list[ActionDraft]:
    """What takes each of them back; pods that were restarted to read a ConfigMap are restarted to read what was before."""
    found: list[ActionDraft] = []
    follow: list[Repair] = []
    for action in done:
        repair = actions.repair_of(action.parameters)
        if not KINDS[repair.kind].reversible and not action.parameters.get("undoes"):
            continue
        back = actions.way_back(action.pk)
        found.append(_undoing(environment, action, back))
        follow += repairs.after(back) or (_restarts(done) if repair.ref.kind == "ConfigMap" else ())
    if not found:
        raise Refused("This cannot be taken back by itself.", cure="Propose another repair instead.")
    told = {"follows": True} | _as_reviewed(done[0])
    return [*found, *(_draft(environment, one, told) for one in follow)]


def _undoing(environment: Environment, action: Action, back: Repair) -> ActionDraft:
    """What was asked of people by a pull request is asked back by one."""
    reviewed = _as_reviewed(action)
    driver = actions.repairing(environment, driver_of(environment))
    return actions.undo_repair(
        action.pk, back, Facts(world=driver.foresee_repair(environment, back, **reviewed).as_json()), **reviewed
    )


def _as_reviewed(action: Action) -> dict[str, bool]:
    return {"reviewed": True} if action.parameters.get("reviewed") else {}


def _restarts(done: Iterable[Action]) -> list[Repair]:
    """The restarts among them, once more."""
    told = [repairs.read(action.parameters["repair"]) for action in done if action.parameters["repair"]["kind"] == "restart"]
    now = timezone.now().isoformat(timespec="seconds")
    return [replace(one, parameters={**one.parameters, "at": now}) for one in told]


def _draft(environment: Environment, repair: Repair, more: dict[str, Any]) -> ActionDraft:
    told = {name: bool(more.get(name)) for name in ("follows", "reviewed")}
    world = actions.repairing(environment, driver_of(environment)).foresee_repair(environment, repair, **told)
    return actions.repair(repair, Facts(world=world.as_json()), **more)


def _propose(
    actor: Actor, environment: Environment, drafts: list[ActionDraft], key: str, run_number: int | None, proposers: Iterable[User]
) -> Change:
    preview = actions.preview(environment, drafts)
    judged = policy.together([changes.judge(actor, environment, draft) for draft in drafts])
    title = str(preview.document()["actions"][0]["what"])
    change = changes.propose(
        actor, environment, title, drafts, preview, judged, proposers=proposers, run_number=run_number, idempotency_key=key
    )
    if change.status == Change.Status.APPROVED and run_number is None:
        queue.enqueue(WAKE_UP, change.pk)
    return change


def _known(environment: Environment, key: str) -> Change | None:
    return Change.objects.filter(environment=environment, idempotency_key=key).first()


def _open(environment: Environment, repair: Repair) -> Change | None:
    """The same repair, proposed already and not ended, or still to be merged by people."""
    unmerged = Q(status=Change.Status.APPLIED, result__verification__verdict=Verdict.NOT_EVALUATED.value)
    here = Change.objects.filter(environment=environment, actions__kind=Action.Kind.REPAIR)
    rows = here.filter(Q(status__in=Change.OPEN) | unmerged)
    return rows.filter(actions__parameters__repair=repair.as_json()).first()


def _fresh(environment: Environment) -> Environment:
    related = "application", "active_instance__release", "active_instance__replaced"
    return Environment.objects.select_related(*related).get(pk=environment.pk)


def _demand(actor: Actor, verb: Verb, environment: Environment | None) -> None:
    if environment is None:
        raise NotFound("It is of a whole cluster, not of an environment.", cure="Diagnose the environment.")
    if actor.kind != ActorKind.SYSTEM:
        rights.demand(actor, verb, environment.scopes, str(environment))
