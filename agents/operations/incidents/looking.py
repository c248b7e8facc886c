"""Looking: the diagnosis of what stands there now, what changed before, and after a repair whether the fault is gone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

from agents.context import Context
from agents.models import Step
from agents.operations import actors
from agents.operations.incidents import shown
from controlplane.core.errors import DeadlineExceeded, TimonelError
from workloads import diagnoses, drift, examinations
from workloads import suspects as suspicion
from workloads.adapters.snapshots import read_snapshot
from workloads.evidence import Assessment, Evidence
from workloads.models import Diagnosis, Examination, Incident
from workloads.snapshots import taking
from workloads.verdicts import Verdict

Standing = Examination.Standing
LOOK_AGAIN_SECONDS = 0.5
VERDICTS = {
    Standing.FAULT: Verdict.PASSED,
    Standing.HEALTHY: Verdict.INCONCLUSIVE,
    Standing.INCONCLUSIVE: Verdict.INCONCLUSIVE,
    Standing.UNSEEN: Verdict.NOT_EVALUATED,
}
NO_CLUSTER = (
    "This environment runs processes on one machine: there is no cluster to take a snapshot of, so its objects, events and "
    "metrics were not evaluated. What is known is what changed here, what the alert says, and what a rollback would do."
)
CURES = {
    Standing.HEALTHY: "Look at what the alert measures: it is no fault that can be seen on the cluster.",
    Standing.INCONCLUSIVE: "Read what was seen and what is lacking; a person decides.",
    Standing.UNSEEN: "Read what changed lately, and the logs.",
}


def look(context: Context, incident_id: int, round: int) -> Assessment:
    """Take or join a diagnosis made after the incident was opened and after whatever was last done here."""
    examination = examinations.one(examinations.begin(incident_id, context.run, round).pk)
    if not examination.standing:
        _look(context, examination)
    return _told(examination)


def suspects(context: Context, examination_id: int) -> Assessment:
    """What changed here before the first symptom, ranked."""
    examination = examinations.one(examination_id)
    incident, hypotheses = examination.incident, _hypotheses(examination)
    onset = suspicion.onset(incident.opened_at, incident.evidence, hypotheses)
    drift.look(incident.environment)
    found = suspicion.happenings(incident.environment, onset, _objects(examination))
    ranked = [one.as_json() for one in suspicion.rank(found, onset, _named(hypotheses))]
    examinations.write(examination, onset_at=onset, suspects=ranked)
    table = Evidence("What changed before the first symptom", "table", shown.suspects(ranked))
    when = f"The first symptom showed at {onset:%Y-%m-%d %H:%M:%S} UTC."
    if not ranked:
        return Assessment(
            Verdict.PASSED, f"{when} Nothing that Timonel knows of changed here in the day before.", evidence=(table,)
        )
    first = ranked[0]
    return Assessment(Verdict.PASSED, f"{when} The usual suspect: {first['title']}, {'; '.join(first['why'])}.", evidence=(table,))


def recheck(context: Context, examination_id: int) -> Assessment:
    """Diagnose again: whether the fault that was to be mended is gone."""
    examination = examinations.one(examination_id)
    if examination.incident.status == Incident.Status.RESOLVED:
        return Assessment(Verdict.PASSED, "The incident was resolved meanwhile.", data={"over": True, "recurred": "gone"})
    if not shown.on_a_cluster(examination.incident.environment):
        return _unclear(examination, "Nothing here can be diagnosed again, so nobody knows whether the fault is gone.")
    try:
        found = _diagnosed(context, examination.incident, _watched_until(context))
    except TimonelError as error:
        return _unclear(examination, f"It could not be diagnosed again: {error.message}")
    word, verdict, summary = _compared(examination, found)
    examinations.write(examination, checked=found, recurred=word)
    return Assessment(verdict, summary, evidence=shown.diagnosis(found), data={"recurred": word})


def _look(context: Context, examination: Examination) -> None:
    incident = examination.incident
    if not shown.on_a_cluster(incident.environment):
        examinations.seen(examination, Standing.UNSEEN, NO_CLUSTER, lacking=[NO_CLUSTER])
        return
    try:
        found = _diagnosed(context, incident, examinations.fresh_since(examination))
    except TimonelError as error:
        said = f"The cluster could not be looked at: {error.message}"
        examinations.seen(examination, Standing.UNSEEN, said, lacking=[said])
        return
    standing = Standing.INCONCLUSIVE if found.verdict == Diagnosis.Verdict.ERROR else Standing(found.verdict)
    examinations.seen(examination, standing, found.summary, found, lacking=[*_lacking(found)])


def _diagnosed(context: Context, incident: Incident, since: datetime) -> Diagnosis:
    """One that is done and was begun after that moment: joined where there is one, otherwise made here."""
    maker = f"run-{context.run}"
    while (found := diagnoses.fresh(incident.environment, since)) is None:
        row = diagnoses.ask(actors.engine(context), incident.environment, incident=incident)
        diagnoses.take_over(row, maker)
        context.say(f"Diagnosis {row.pk}: looking at the cluster.")
        close_old_connections()
        if not diagnoses.make(row.pk, maker):
            _wait_for(context, row)
        row.refresh_from_db()
        if row.status == Diagnosis.Status.FAILED:
            raise TimonelError(row.trouble or "The diagnosis failed.")
    return found


def _wait_for(context: Context, row: Diagnosis) -> None:
    """Another worker makes it."""
    while Diagnosis.objects.filter(pk=row.pk, status__in=Diagnosis.OPEN).exists():
        if context.cancelled() or context.remaining() < LOOK_AGAIN_SECONDS:
            raise DeadlineExceeded(f"Diagnosis {row.pk} was not done in time.", cure="Retry the run.")
        time.sleep(LOOK_AGAIN_SECONDS)
        diagnoses.give_up_lost(timezone.now())


def _compared(examination: Examination, found: Diagnosis) -> tuple[str, Verdict, str]:
    """What became of the fault, in a word, a verdict and a sentence."""
    done = [one for one in examination.remedies if examination.change and one.get("change") == examination.change.pk]
    mended = {_name(one) for one in done if one.get("fault")} or {_name(one) for one in _hypotheses(examination)[:1]}
    left = {_name(one) for one in found.hypotheses}
    if mended & left:
        return "same", Verdict.FAILED, f"The fault is still there, or back: {found.summary}"
    if found.verdict == Diagnosis.Verdict.HEALTHY:
        return "gone", Verdict.PASSED, f"Diagnosed again: {found.summary}"
    if found.verdict == Diagnosis.Verdict.FAULT:
        return "other", Verdict.INCONCLUSIVE, f"That fault is gone; another one shows: {found.summary}"
    return (
        "unclear",
        Verdict.INCONCLUSIVE,
        f"That fault is not seen any more, but it cannot be told that all is well: {found.summary}",
    )


def _unclear(examination: Examination, summary: str) -> Assessment:
    examinations.write(examination, recurred="unclear")
    return Assessment(Verdict.NOT_EVALUATED, summary, "A person looks, and resolves the incident.", data={"recurred": "unclear"})


def _told(examination: Examination) -> Assessment:
    standing = Standing(examination.standing)
    evidence = shown.diagnosis(examination.diagnosis) if examination.diagnosis else ()
    lacking = Evidence("What was not evaluated", "text", "\n".join(examination.lacking))
    data = {"examination": examination.pk, "standing": standing.value}
    pieces = (*evidence, lacking) if examination.lacking else evidence
    return Assessment(VERDICTS[standing], examination.summary, CURES.get(standing, ""), pieces, data=data)


def _watched_until(context: Context) -> datetime:
    """What was seen before the repair was watched says nothing of it."""
    return Step.objects.filter(run=context.run, node="watch", status=Step.Status.DONE).latest("pk").finished_at or timezone.now()


def _lacking(found: Diagnosis) -> list[str]:
    return [f"No {kind} were collected." for kind in map(str, found.missing)] + [str(problem) for problem in found.problems[:20]]


def _hypotheses(examination: Examination) -> Sequence[dict[str, Any]]:
    return examination.diagnosis.hypotheses if examination.diagnosis else []


def _name(one: dict[str, Any]) -> tuple[str, str]:
    return str(one.get("fault", "")), str(one.get("object", ""))


def _named(hypotheses: Sequence[dict[str, Any]]) -> frozenset[str]:
    """The names of the object of the best hypothesis, and of those that its evidence stands at."""
    best = hypotheses[0] if hypotheses else {}
    places = [str(best.get("object", "")), *(str(proof.get("where", "")) for proof in best.get("evidence", ()))]
    return frozenset(part for place in places for part in place.replace(":", "/").split("/")[1:] if part)


def _objects(examination: Examination) -> Sequence[dict[str, Any]]:
    """What the Snapshot holds, where its files are still there."""
    snapshot = examination.diagnosis.snapshot if examination.diagnosis else None
    if snapshot is None or not snapshot.folder:
        return ()
    try:
        return read_snapshot(taking.path_of(snapshot)).objects
    except TimonelError:
        return ()
