"""Proposing: the Change of one remedy, how it stands, and the Change that takes it back."""

from __future__ import annotations

from agents.context import Context
from agents.models import Run
from agents.operations import actors, questions
from agents.operations.incidents.remedies import Remedy
from controlplane.core.errors import Conflict, Invalid, NotFound, Refused
from controlplane.core.models import User
from workloads import changes, examinations, mending, repairs, responses, rollback
from workloads.evidence import Assessment
from workloads.models import Action, Change, Environment, Examination, Incident
from workloads.offers import ROLL_BACK
from workloads.verdicts import Verdict


def gate(context: Context, examination_id: int) -> Assessment:
    """Propose what a person chose, otherwise the best that can be done; another run's Change for the same is joined."""
    examination = examinations.one(examination_id)
    key = f"{context.key}-{examination.round}"
    known = Change.objects.filter(idempotency_key=key).first()
    if known is None:
        remedy = _remedy(examination)
        if remedy is None:
            return _none("What was chosen is not offered any more: the world is otherwise now.")
        other = _elsewhere(context, examination.incident.environment, remedy)
        if other is not None:
            examinations.write(examination, change=other)
            data = {"change": other.pk, "decision": "elsewhere"}
            return Assessment(Verdict.NOT_EVALUATED, f"Change {other.pk} asks for the same already: {other.title}", data=data)
        try:
            known = _propose(context, examination, remedy, key)
        except (Refused, Conflict, Invalid, NotFound) as error:
            return _none(f"It cannot be proposed: {error.message}", error.cure)
        remedy["change"] = known.pk
        examinations.write(examination, change=known, remedies=examination.remedies)
        responses.forget_choice(examination.incident)
    context.say(f"{known.get_risk_display().capitalize()} risk: {' '.join(known.reasons)}")
    return questions.decision(known.pk)


def decision(context: Context, incident_id: int, change_id: int) -> Assessment:
    """How a Change stands; `over` once the incident is resolved, `elsewhere` once another's is decided."""
    found = questions.decision(change_id)
    if Incident.objects.filter(pk=incident_id, status=Incident.Status.RESOLVED).exists():
        return Assessment(Verdict.PASSED, "The incident was resolved meanwhile.", data={"decision": "over"})
    ours = Change.objects.filter(pk=change_id, run_number=context.run).exists()
    if found.data["decision"] == "waiting" or ours:
        return found
    return Assessment(found.verdict, found.summary, found.cure, found.evidence, data={"decision": "elsewhere"})


def undo(context: Context, incident_id: int, change_id: int) -> Assessment:
    """Propose to take the repair back, where that can be done."""
    change = Change.objects.select_related("environment__application").get(pk=change_id)
    if change.actions.filter(kind=Action.Kind.ROLL_BACK).exists():
        return _irrevocable("A rollback is never rolled back.")
    incident = Incident.objects.get(pk=incident_id)
    try:
        found = mending.propose_undo(
            actors.engine(context),
            change,
            run_number=context.run,
            idempotency_key=f"{context.key}-{change_id}",
            proposers=_proposers(context, incident),
        )
    except (Refused, Conflict, Invalid, NotFound) as error:
        return _irrevocable(error.message)
    stands = questions.decision(found.pk)
    summary = f"It did not help; it is offered to be taken back: {found.title}"
    return Assessment(stands.verdict, summary, data={"undo": found.pk, "consent": stands.data["decision"]})


def _remedy(examination: Examination) -> Remedy | None:
    possible: list[Remedy] = [one for one in examination.remedies if not one.get("why_not")]
    chosen = examination.incident.chosen
    if chosen:
        return next((one for one in possible if one["key"] == chosen["key"]), None)
    return possible[0] if possible else None


def _elsewhere(context: Context, environment: Environment, remedy: Remedy) -> Change | None:
    """Another run's open Change that would do the same."""
    rows = Change.objects.filter(environment=environment, status__in=Change.OPEN).exclude(run_number=context.run)
    if remedy["kind"] == ROLL_BACK:
        return rows.filter(actions__kind=Action.Kind.ROLL_BACK).first()
    return rows.filter(actions__parameters__repair=remedy["repair"]).first()


def _propose(context: Context, examination: Examination, remedy: Remedy, key: str) -> Change:
    incident, engine = examination.incident, actors.engine(context)
    proposers = _proposers(context, incident)
    if remedy["kind"] != ROLL_BACK:
        return mending.propose(
            engine,
            incident.environment,
            repairs.read(remedy["repair"]),
            incident=incident,
            run_number=context.run,
            idempotency_key=key,
            proposers=proposers,
            reviewed=bool((incident.chosen or {}).get("reviewed")),
        )
    found = rollback.suggest(
        engine,
        incident.environment,
        by=f"For incident {incident.pk}",
        reason=f"Incident {incident.pk}: {incident.title}",
        idempotency_key=key,
        proposers=proposers,
    )
    return changes.adopt(engine, found.pk, context.run)


def _proposers(context: Context, incident: Incident) -> list[User]:
    """Who may not approve it: whoever asked for the run, and whoever chose the remedy."""
    asked = Run.objects.values_list("requested_by_id", flat=True).get(pk=context.run)
    chose = (incident.chosen or {}).get("by_id")
    return list(User.objects.filter(pk__in=[number for number in (asked, chose) if number]))


def _none(summary: str, cure: str = "") -> Assessment:
    return Assessment(
        Verdict.NOT_EVALUATED, summary, cure or "Choose another remedy, or mend it by hand.", data={"decision": "none"}
    )


def _irrevocable(why: str) -> Assessment:
    return Assessment(Verdict.NOT_EVALUATED, f"It is not taken back: {why}", data={"consent": "none"})
