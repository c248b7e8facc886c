"""Checkov's JSON: one document, or a list of them, one a framework."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.evidence import Fact
from workloads.reports.document import Node, load
from workloads.reports.shaping import fact, severity_of

UNRANKED = "medium"  # Checkov ranks only with an account of its platform


def facts(content: bytes, tool: str) -> Iterator[Fact]:
    """One a failed check. A document without results says that nothing was looked at: no facts."""
    document = load(content)
    documents = list(document.items()) if isinstance(document.value, list) else [document]
    for one in documents:
        results = one.get("results")
        if results.value is not None:
            for found in results.get("failed_checks").items():
                yield _fact(found, tool)


def _fact(found: Node, tool: str) -> Fact:
    lines = [line.number() for line in found.get("file_line_range").items()]
    severity, resource = found.get("severity").text(""), found.get("resource").text("")
    return fact(
        found.place,
        tool,
        found.get("check_id").text(),
        severity_of(severity, found.get("severity").place) if severity else UNRANKED,
        ": ".join(part for part in (resource, found.get("check_name").text("")) if part),
        path=found.get("file_path").text(""),
        line=lines[0] if lines else None,
        source_line=resource,
        cure=found.get("guideline").text(""),
    )
