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
from workloads import diagnoses, drift, inquiries
from workloads import suspects as suspicion
from workloads.adapters.snapshots import read_snapshot
from workloads.evidence import Assessment, Evidence
from workloads.models import Diagnosis, Incident, Inquiry
from workloads.snapshots import taking
from workloads.verdicts import Verdict

Standing = Inquiry.Standing
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
    inquiry = inquiries.one(inquiries.begin(incident_id, context.run, round).pk)
    if not inquiry.standing:
        _look(context, inquiry)
    return _told(inquiry)


def suspects(context: Context, inquiry_id: int) -> Assessment:
    """What changed here before the first symptom, ranked."""
    inquiry = inquiries.one(inquiry_id)
    incident, hypotheses = inquiry.incident, _hypotheses(inquiry)
    onset = suspicion.onset(incident.opened_at, incident.evidence, hypotheses)
    drift.look(incident.environment)
    found = suspicion.happenings(incident.environment, onset, _objects(inquiry))
    ranked = [one.as_json() for one in suspicion.rank(found, onset, _named(hypotheses))]
    inquiries.write(inquiry, onset_at=onset, suspects=ranked)
    table = Evidence("What changed before the first symptom", "table", shown.suspects(ranked))
    when = f"The first symptom showed at {onset:%Y-%m-%d %H:%M:%S} UTC."
    if not ranked:
        return Assessment(
            Verdict.PASSED, f"{when} Nothing that Timonel knows of changed here in the day before.", evidence=(table,)
        )
    first = ranked[0]
    return Assessment(Verdict.PASSED, f"{when} The usual suspect: {first['title']}, {'; '.join(first['why'])}.", evidence=(table,))


def recheck(context: Context, inquiry_id: int) -> Assessment:
    """Diagnose again: whether the fault that was to be mended is gone."""
    inquiry = inquiries.one(inquiry_id)
    if inquiry.incident.status == Incident.Status.RESOLVED:
        return Assessment(Verdict.PASSED, "The incident was resolved meanwhile.", data={"over": True, "recurred": "gone"})
    if not shown.on_a_cluster(inquiry.incident.environment):
        return _unclear(inquiry, "Nothing here can be diagnosed again, so nobody knows whether the fault is gone.")
    try:
        found = _diagnosed(context, inquiry.incident, _watched_until(context))
    except TimonelError as error:
        return _unclear(inquiry, f"It could not be diagnosed again: {error.message}")
    word, verdict, summary = _compared(inquiry, found)
    inquiries.write(inquiry, checked=found, recurred=word)
    return Assessment(verdict, summary, evidence=shown.diagnosis(found), data={"recurred": word})


def _look(context: Context, inquiry: Inquiry) -> None:
    incident = inquiry.incident
    if not shown.on_a_cluster(incident.environment):
        inquiries.seen(inquiry, Standing.UNSEEN, NO_CLUSTER, lacking=[NO_CLUSTER])
        return
    try:
        found = _diagnosed(context, incident, inquiries.fresh_since(inquiry))
    except TimonelError as error:
        said = f"The cluster could not be looked at: {error.message}"
        inquiries.seen(inquiry, Standing.UNSEEN, said, lacking=[said])
        return
    standing = Standing.INCONCLUSIVE if found.verdict == Diagnosis.Verdict.ERROR else Standing(found.verdict)
    inquiries.seen(inquiry, standing, found.summary, found, lacking=[*_lacking(found)])


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


def _compared(inquiry: Inquiry, found: Diagnosis) -> tuple[str, Verdict, str]:
    """What became of the fault, in a word, a verdict and a sentence."""
    done = [one for one in inquiry.remedies if inquiry.change and one.get("change") == inquiry.change.pk]
    mended = {_name(one) for one in done if one.get("fault")} or {_name(one) for one in _hypotheses(inquiry)[:1]}
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


def _unclear(inquiry: Inquiry, summary: str) -> Assessment:
    inquiries.write(inquiry, recurred="unclear")
    return Assessment(Verdict.NOT_EVALUATED, summary, "A person looks, and resolves the incident.", data={"recurred": "unclear"})


def _told(inquiry: Inquiry) -> Assessment:
    standing = Standing(inquiry.standing)
    evidence = shown.diagnosis(inquiry.diagnosis) if inquiry.diagnosis else ()
    lacking = Evidence("What was not evaluated", "text", "\n".join(inquiry.lacking))
    data = {"inquiry": inquiry.pk, "standing": standing.value}
    pieces = (*evidence, lacking) if inquiry.lacking else evidence
    return Assessment(VERDICTS[standing], inquiry.summary, CURES.get(standing, ""), pieces, data=data)


def _watched_until(context: Context) -> datetime:
    """What was seen before the repair was watched says nothing of it."""
    return Step.objects.filter(run=context.run, node="watch", status=Step.Status.DONE).latest("pk").finished_at or timezone.now()


def _lacking(found: Diagnosis) -> list[str]:
    return [f"No {kind} were collected." for kind in map(str, found.missing)] + [str(problem) for problem in found.problems[:20]]


def _hypotheses(inquiry: Inquiry) -> Sequence[dict[str, Any]]:
    return inquiry.diagnosis.hypotheses if inquiry.diagnosis else []


def _name(one: dict[str, Any]) -> tuple[str, str]:
    return str(one.get("fault", "")), str(one.get("object", ""))


def _named(hypotheses: Sequence[dict[str, Any]]) -> frozenset[str]:
    """The names of the object of the best hypothesis, and of those that its evidence stands at."""
    best = hypotheses[0] if hypotheses else {}
    places = [str(best.get("object", "")), *(str(proof.get("where", "")) for proof in best.get("evidence", ()))]
    return frozenset(part for place in places for part in place.replace(":", "/").split("/")[1:] if part)


def _objects(inquiry: Inquiry) -> Sequence[dict[str, Any]]:
    """What the Snapshot holds, where its files are still there."""
    snapshot = inquiry.diagnosis.snapshot if inquiry.diagnosis else None
    if snapshot is None or not snapshot.folder:
        return ()
    try:
        return read_snapshot(taking.path_of(snapshot)).objects
    except TimonelError:
        return ()
