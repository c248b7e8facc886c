"""Findings of the application: what tools reported, the worst first."""

from __future__ import annotations

from typing import Literal

from django.utils import timezone
from pydantic import Field

from agents.llm.question import ToolAnswer
from agents.tools.scope import Scope
from agents.tools.tool import Arguments, rows, tool
from workloads import findings
from workloads.findings import State
from workloads.models import Finding

Severity = Literal["info", "low", "medium", "high", "critical"]
MOST = 50


class Which(Arguments):
    """Which findings."""

    severity: Severity | None = Field(None, description="Only those of this severity.")
    tool: str = Field("", max_length=40, description="Only those of this scanner, such as ruff, bandit or pip-audit.")
    path: str = Field("", max_length=300, description="Only those in files whose path begins so.")
    only_new: bool = Field(False, description="Only what was not there at the commit that is live.")


@tool(Which)
def get_findings(scope: Scope, which: Which) -> ToolAnswer:
    """Findings that this run saw in the application's source, the worst first: rule, severity, place, message, cure."""
    state = State.NEW if which.only_new else State.COUNTING
    found = Finding.objects.filter(application=scope.application, sightings__run_number=scope.run.pk)
    found = found.filter(findings.in_state(state, timezone.now())).order_by("-rank")
    wanted = {"severity": which.severity, "tool": which.tool, "path__startswith": which.path}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    asked = f"findings of {scope.application} seen by run {scope.run.pk}, {state.value}" + _said(which)
    shown = [_row(one) for one in found[:MOST]]
    return rows(asked, shown, left_out=max(0, found.count() - MOST))


def _said(which: Which) -> str:
    parts = {"severity": which.severity, "tool": which.tool, "path": which.path}
    return "".join(f", {name} {value}" for name, value in parts.items() if value)


def _row(one: Finding) -> dict[str, object]:
    return {
        "finding": one.pk,
        "severity": one.severity,
        "new": one.new,
        "tool": one.tool,
        "rule": one.rule,
        "place": f"{one.path}:{one.line}" if one.line else one.path,
        "message": one.message,
        "cure": one.cure,
        "first_seen": one.first_seen_at.date().isoformat(),
    }
