"""Reporting: the last word of the run, and the draft of the post-mortem from everything that is known by then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents import chronicle
from agents.context import Context
from agents.models import Step
from agents.operations import actors, reports
from controlplane.core import queue
from workloads import examinations, incidents, postmortems
from workloads.drafting import Moment, Story, draft
from workloads.evidence import Assessment, Evidence
from workloads.models import Change, Examination, Incident
from workloads.suspects import Kind

VERIFYING = ("verify", "recheck")


def report(context: Context, incident_id: int, outcome: str, nodes: Sequence[str]) -> Assessment:
    """What came of it; and what a person edits, instead of an empty page."""
    incident = Incident.objects.select_related("environment__application").get(pk=incident_id)
    kept = postmortems.draft(actors.engine(context), incident, draft(story_of(incident)))
    if incident.status == Incident.Status.RESOLVED:
        queue.enqueue(incidents.TEND, incident.pk)  # the knowledge base reads it now that it is written
    found = reports.report(context, outcome, nodes)
    told = Evidence(f"Post-mortem, version {kept.number}", "text", kept.text)
    return Assessment(found.verdict, found.summary, found.cure, (told,))


def story_of(incident: Incident) -> Story:
    """Everything that a draft is made of."""
    examination, runs = examinations.newest(incident), chronicle.runs_of(incident)
    timeline = tuple(
        Moment(one.at, one.words, " ".join([one.label, one.text]).strip(), one.who) for one in chronicle.moments(incident)
    )
    told: dict[str, Any] = {
        "title": incident.title,
        "where": str(incident.environment),
        "opened_at": incident.opened_at,
        "resolved_at": incident.resolved_at,
        "escalated": incident.escalated_because,
        "repairs": _repairs(runs),
        "verification": _verification(runs),
        "timeline": timeline,
    }
    return Story(**told, **(_found(examination) if examination else {"summary": str(incident.evidence.get("summary", ""))}))


def _found(examination: Examination) -> dict[str, Any]:
    """What the last round found; the hypotheses are those before any repair."""
    hypotheses = examination.diagnosis.hypotheses if examination.diagnosis else []
    best = hypotheses[0] if hypotheses else {}
    return {
        "onset_at": examination.onset_at,
        "standing": examination.get_standing_display(),
        "summary": examination.summary,
        "fault": str(best.get("fault", "")),
        "object": str(best.get("object", "")),
        "confidence": float(best.get("confidence", 0)),
        "proofs": [(str(proof.get("where", "")), str(proof.get("text", ""))) for proof in best.get("evidence", ())],
        "contradictions": [str(text) for text in best.get("contradictions", ())],
        "others": [str(one.get("summary", "")) for one in hypotheses[1:4]],
        "lacking": [str(text) for text in examination.lacking],
        "suspects": [_suspect(one) for one in examination.suspects[:5]],
        "deployed": bool(examination.suspects) and examination.suspects[0]["kind"] == Kind.DEPLOYMENT,
        "passages": [(str(one["title"]), str(one["source"])) for one in examination.passages],
    }


def _suspect(one: dict[str, Any]) -> str:
    by = f" by {one['who']}" if one["who"] else ""
    return f"{one['title']}{by} ({'; '.join(one['why'])})"


def _repairs(runs: Sequence[int]) -> list[tuple[str, str]]:
    """What was really begun, with what came of it and who approved it."""
    found = []
    for change in Change.objects.filter(run_number__in=runs, result__has_key="apply").order_by("pk").defer("preview"):
        who = ", ".join(taken.decided_by for taken in change.approvals.all())
        how = str(change.result.get("outcome", {}).get("summary", ""))
        found.append((change.title, f"{change.get_status_display()}, approved by {who or 'nobody'}. {how}".strip()))
    return found


def _verification(runs: Sequence[int]) -> list[str]:
    rows = Step.objects.filter(run__in=runs, node__in=VERIFYING, status=Step.Status.DONE).order_by("pk")
    return [f"{step.verdict.replace('_', ' ')}: {step.summary}" for step in rows.defer("evidence")]
