"""Resolved incidents as documents: what it looked like, what was done, how it ended; so that the next one is recognised."""

from __future__ import annotations

from collections.abc import Iterator

from controlplane.core.models import AuditEntry
from controlplane.core.permissions import EVERYWHERE
from knowledge.ingest import File
from workloads.models import Incident

MOST = 5_000


def files(scope: str) -> Iterator[File]:
    """The resolved incidents of this scope, newest first, a document each."""
    kind, _, number = scope.partition("/")
    rows = Incident.objects.filter(status=Incident.Status.RESOLVED).select_related("environment__application")
    if scope != EVERYWHERE:
        rows = rows.filter(**{"environment__application" if kind == "application" else "environment": int(number)})
    for incident in rows[:MOST]:
        yield File(f"incident-{incident.pk}.md", _written(incident), written_at=incident.resolved_at)


def _written(incident: Incident) -> str:
    """In Markdown; what comes from outside stands in code, where it is read as it is."""
    opened, resolved = incident.opened_at, incident.resolved_at
    lasted = f"{(resolved - opened).total_seconds() / 60:.0f} minutes" if resolved else "unknown"
    lines = [f"# {incident.title}", "", f"In {incident.environment}, opened {opened:%Y-%m-%d %H:%M} UTC, resolved after {lasted}."]
    summary = incident.evidence.get("summary")
    if isinstance(summary, str) and summary:
        lines += ["", "## What was seen", "", *(f"    {line}" for line in summary.splitlines()[:50])]
    told = _told(incident)
    if told:
        lines += ["", "## How it went", "", *told]
    return "\n".join(lines) + "\n"


def _told(incident: Incident) -> list[str]:
    rows = AuditEntry.objects.filter(target_type="incident", target_id=str(incident.pk)).order_by("number")
    return [f"- {entry.at:%H:%M} {entry.action}: `{entry.reason.replace('`', ' ')}`" for entry in rows[:50] if entry.reason]
