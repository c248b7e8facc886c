"""Ending: resolved by a verified repair, handed to a person, or cancelled."""

from __future__ import annotations

from collections.abc import Sequence

from agents.context import Context
from agents.models import Run, Step
from agents.operations import actors
from controlplane.core.errors import Conflict
from workloads import changes, examinations, incidents, responses
from workloads.evidence import Assessment
from workloads.models import Change, Incident
from workloads.verdicts import Verdict

CANCELLED = "The run that looks after it was cancelled."


def close(context: Context, examination_id: int, change_id: int) -> Assessment:
    """The cause is gone, as the verified repair and the second diagnosis say."""
    examination = examinations.one(examination_id)
    change = Change.objects.get(pk=change_id)
    said = {step.node: step.summary for step in Step.objects.filter(run=context.run, status=Step.Status.DONE).order_by("pk")}
    cause = examination.incident.diagnosed or examination.incident.title
    reason = " ".join(filter(None, [f"{cause} Mended: {change.title}.", said.get("verify", ""), said.get("recheck", "")]))
    try:
        incidents.resolve(actors.engine(context), examination.incident, reason)
    except Conflict:
        reason = "It was resolved meanwhile."
    return Assessment(Verdict.PASSED, reason, data={"closed": True})


def escalate(context: Context, incident_id: int, nodes: Sequence[str]) -> Assessment:
    """It stays open; people are told why it needs them."""
    newest = {step.node: step for step in Step.objects.filter(run=context.run, status=Step.Status.DONE).order_by("pk")}
    told = [newest[node] for node in nodes if node in newest][:1]
    because = " ".join(step.summary for step in told) or "Nothing could be done by itself."
    responses.escalate(actors.engine(context), incident_id, because)
    cure = " ".join(step.cure for step in told if step.cure)
    return Assessment(Verdict.INCONCLUSIVE, f"It needs a person. {because}", cure)


def abandon(context: Context) -> Assessment:
    """Withdraw what waits, bring to its end what is half done; what was repaired stays as it is, and so does the incident."""
    engine = actors.engine(context)
    mine = Change.objects.filter(run_number=context.run)
    for change in mine.filter(status__in=[Change.Status.WAITING, Change.Status.APPROVED]):
        changes.cancel(engine, change.pk, "The run was cancelled.")
    for change in mine.filter(status=Change.Status.APPLYING):
        changes.apply(change.pk, key=change.result["apply"]["key"], fence=context.fence, say=context.say)
    done = [change.title for change in mine.filter(status=Change.Status.APPLIED).order_by("pk")]
    incident = Incident.objects.filter(pk=Run.objects.get(pk=context.run).input.get("incident")).first()
    if incident is not None:
        responses.escalate(engine, incident.pk, CANCELLED)
    told = f"What was applied stays: {'; '.join(done)}." if done else "Nothing was changed."
    return Assessment(Verdict.PASSED, f"{told} The incident stays as it is.")
