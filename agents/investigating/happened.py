"""What changed lately and what is known to be wrong: changes, deployments, drift, incidents, findings, the engine's result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Literal

from django.utils import timezone
from pydantic import Field

from agents import legible
from agents.investigating.sight import Row, Sight
from agents.llm.question import ToolAnswer
from agents.tools.tool import Arguments, rows, tool
from workloads import findings, previews
from workloads.findings import State
from workloads.models import Change, Deployment, Drift, Finding, Incident

MOST, MOST_COMMITS = 30, 20


class Days(Arguments):
    """How far back."""

    days: int = Field(7, ge=1, le=90, description="How many days back.")


class Found(Arguments):
    """Which findings."""

    severity: Literal["info", "low", "medium", "high", "critical"] | None = Field(None, description="Only those of this severity.")
    text: str = Field("", max_length=200, description="Only those whose rule, place or message holds this.")


class Nothing(Arguments):
    """No argument is needed."""


@tool(Days)
def get_changes(sight: Sight, back: Days) -> ToolAnswer:
    """What changed here lately, newest first: changes with what they do and their commits, deployments, drift."""
    found = sorted(recent(sight, back.days), key=lambda row: str(row["at"]), reverse=True)
    asked = f"changes of {sight.environment}, {back.days} days back"
    return rows(asked, found[:MOST], left_out=max(0, len(found) - MOST))


@tool(Days)
def list_incidents(sight: Sight, back: Days) -> ToolAnswer:
    """Incidents of this environment, newest first: what they said, since when, and how they stand."""
    since = timezone.now() - timedelta(days=back.days)
    found = Incident.objects.filter(environment=sight.environment, opened_at__gte=since).order_by("-pk")[:MOST]
    return rows(f"incidents of {sight.environment}, {back.days} days back", [_incident(sight, one) for one in found])


@tool(Found)
def list_findings(sight: Sight, which: Found) -> ToolAnswer:
    """What scanners and the look at the cluster found worth mending, the worst first: rule, place, message, cure."""
    rows_of = Finding.objects.filter(application=sight.application).filter(findings.in_state(State.COUNTING, timezone.now()))
    if which.severity:
        rows_of = rows_of.filter(severity=which.severity)
    found = [one for one in rows_of.order_by("-rank")[:500] if which.text.lower() in f"{one.rule} {one.path} {one.message}".lower()]
    asked = f"findings of {sight.application}" + (f", {which.severity}" if which.severity else "")
    return rows(asked, [_finding(sight, one) for one in found[:MOST]], left_out=max(0, len(found) - MOST))


@tool(Nothing)
def get_diagnosis(sight: Sight, _: Nothing) -> ToolAnswer:
    """What Timonel's own engine concluded from the Snapshot: its explanations with their evidence, the likeliest first."""
    found = sight.diagnosis
    if found is None:
        return ToolAnswer("no_data", f"the diagnosis of {sight.environment}")
    return rows(f"the engine's {found}: {found.verdict}, {found.summary}", list(explanations(sight)))


def explanations(sight: Sight) -> Iterator[Row]:
    """The engine's hypotheses, each line of evidence with its id."""
    for one in (sight.diagnosis.hypotheses if sight.diagnosis else [])[:5]:
        yield {
            "evidence": sight.note("diagnosis", str(one.get("object", "")), f"{one.get('fault')}: {one.get('summary')}"),
            "object": one.get("object"),
            "fault": one.get("fault"),
            "summary": one.get("summary"),
            "confidence": one.get("confidence"),
            "rests_on": [proof(sight, line) for line in (one.get("evidence") or [])[:8]],
            "speaks_against": one.get("contradictions") or [],
        }


def proof(sight: Sight, line: dict[str, Any]) -> Row:
    """One line of the engine's evidence."""
    where, text = str(line.get("where", "")), str(line.get("text", ""))
    id = sight.note(str(line.get("source", "object")), where, text, str(line.get("at", "")))
    return {"evidence": id, "where": where, "text": text}


def recent(sight: Sight, days: int) -> Iterator[Row]:
    """Changes, deployments and drift of the last days."""
    since, environment = timezone.now() - timedelta(days=days), sight.environment
    for change in Change.objects.filter(environment=environment, created_at__gte=since).prefetch_related("actions")[:MOST]:
        at, said = _iso(change.applied_at or change.created_at), f"{change.title} ({change.get_status_display()})"
        kinds = ", ".join(sorted({action.get_kind_display() for action in change.actions.all()}))
        row: Row = {"what": "change", "at": at, "said": said, "kinds": kinds, "commits": _commits(change)}
        text = "\n".join([said, kinds, *row["commits"]])
        yield {"evidence": sight.note("change", f"change {change.pk}", text, at, change.pk), **row}
    deployed = Deployment.objects.filter(environment=environment, created_at__gte=since).select_related("release").order_by("-pk")
    for one in deployed[:MOST]:
        said = f"{one.get_kind_display()} of {one.release.label}, {one.release.commit[:12]}: {one.status} {one.verdict}".strip()
        at = _iso(one.finished_at or one.created_at)
        yield {
            "evidence": sight.note("deployment", f"deployment {one.pk}", said, at, one.pk),
            "what": "deployment",
            "at": at,
            "said": said,
        }
    for drift in Drift.objects.filter(environment=environment, seen_at__gte=since)[:MOST]:
        said = f"{drift.status}: {_drifted(drift)}"
        yield {
            "evidence": sight.note("drift", f"drift {drift.pk}", said, _iso(drift.seen_at)),
            "what": "drift",
            "at": _iso(drift.seen_at),
            "said": said,
        }


def _drifted(drift: Drift) -> str:
    told = [one for world in drift.objects_found if isinstance(world, dict) for one in world.get("differences") or []]
    return ", ".join(f"{one.get('kind')}/{one.get('name')} {one.get('what')}" for one in told[:20] if isinstance(one, dict))


def _commits(change: Change) -> list[str]:
    document = previews.parse(change.preview)
    effects = [action.get("preview") or action for action in document.get("actions") or [document] if isinstance(action, dict)]
    found = [one for effect in effects if isinstance(effect, dict) for one in effect.get("commits") or [] if isinstance(one, dict)]
    return [f"{str(one.get('sha', ''))[:10]} {legible.one_line(str(one.get('message', '')), 200)}" for one in found[:MOST_COMMITS]]


def _incident(sight: Sight, one: Incident) -> Row:
    said = str(one.evidence.get("summary", "")) if isinstance(one.evidence, dict) else ""
    text = "\n".join(filter(None, [one.title, said, f"{one.status}, {one.alert_count} alerts, about {one.about or 'no object'}"]))
    row = {"incident": one.pk, "title": one.title, "said": said[:600], "status": one.status, "since": _iso(one.opened_at)}
    return {"evidence": sight.note("incident", f"incident {one.pk}", text, _iso(one.opened_at), one.pk), **row}


def _finding(sight: Sight, one: Finding) -> Row:
    place = f"{one.path}:{one.line}" if one.line else one.path
    text = f"{one.severity} {one.rule}: {one.message}"
    row = {"severity": one.severity, "rule": one.rule, "place": place, "message": one.message, "cure": one.cure}
    return {"evidence": sight.note("finding", place, text, number=one.pk), **row}


def _iso(at: Any) -> str:
    return at.isoformat(timespec="seconds") if at else ""
