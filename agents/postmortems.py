"""Resolved incidents as documents: what it looked like, what was done, how it ended; so that the next one is recognised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from controlplane.core.models import AuditEntry
from controlplane.core.permissions import EVERYWHERE
from knowledge.ingest import File
from workloads.models import Incident, PostMortem

MOST = 5_000
MOST_LINES = 50


def files(scope: str) -> Iterator[File]:
    """The resolved incidents of this scope, newest first, a document each."""
    kind, _, number = scope.partition("/")
    rows = Incident.objects.filter(status=Incident.Status.RESOLVED).select_related("environment__application")
    if scope != EVERYWHERE:
        rows = rows.filter(**{"environment__application" if kind == "application" else "environment": int(number)})
    found = list(rows[:MOST])
    written = _texts(found)
    told = _told([incident for incident in found if incident.pk not in written])
    for incident in found:
        text = written.get(incident.pk) or _written(incident, told.get(str(incident.pk), []))
        yield File(f"incident-{incident.pk}.md", text, written_at=incident.resolved_at)


def _texts(incidents: Sequence[Incident]) -> dict[int, str]:
    """The post-mortem that counts of each that has one."""
    rows = PostMortem.objects.filter(incident__in=[incident.pk for incident in incidents])
    return dict(rows.order_by("incident", "number").values_list("incident", "text"))


def _written(incident: Incident, told: list[str]) -> str:
    """In Markdown; what comes from outside stands in code, where it is read as it is."""
    opened, resolved = incident.opened_at, incident.resolved_at
    lasted = f"{(resolved - opened).total_seconds() / 60:.0f} minutes" if resolved else "unknown"
    lines = [
        f"# {' '.join(incident.title.split())}",
        "",
        f"In {incident.environment}, opened {opened:%Y-%m-%d %H:%M} UTC, resolved after {lasted}.",
    ]
    summary = incident.evidence.get("summary")
    if isinstance(summary, str) and summary:
        lines += ["", "## What was seen", "", *(f"    {line}" for line in summary.splitlines()[:50])]
    if told:
        lines += ["", "## How it went", "", *told]
    return "\n".join(lines) + "\n"


def _told(incidents: Sequence[Incident]) -> dict[str, list[str]]:
    """What the audit tells of each, by its number."""
    numbers = [str(incident.pk) for incident in incidents]
    rows = AuditEntry.objects.filter(target_type=Incident._meta.label_lower, target_id__in=numbers).exclude(reason="")
    found: dict[str, list[str]] = {}
    for entry in rows.order_by("number").iterator():
        lines = found.setdefault(entry.target_id, [])
        if len(lines) < MOST_LINES:
            reason = " ".join(entry.reason.replace("`", " ").split())
            lines.append(f"- {entry.at:%H:%M} {entry.action}: `{reason}`")
    return found
