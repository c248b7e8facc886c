"""Which tools the investigator holds where; by their names, each of which only looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agents.investigating import happened, logs, looking, measuring
from agents.investigating.sight import Row, Sight, cited
from agents.llm.question import BoundTool
from agents.tools import Tool, documents, operated


def _passage(row: Row) -> str:
    return f"{row['source']}: {row['path']}, lines {row['lines']}"


def _quoted(row: Row) -> str:
    return "\n".join(line.removeprefix("| ") for line in str(row.get("text", "")).split("\n"))


KNOWN = (
    cited(documents.search_knowledge, "knowledge", _passage, _quoted),
    happened.get_changes,
    happened.list_incidents,
    happened.list_findings,
)
ON_A_CLUSTER = (
    happened.get_diagnosis,
    looking.get_objects,
    looking.get_events,
    logs.get_logs,
    measuring.query_metrics,
    measuring.get_alerts,
    measuring.get_checks,
)
OF_PROCESSES = (
    replace(logs.get_process_log, name="get_logs"),
    cited(operated.get_samples, "metric", lambda row: f"{row['process']} {row['minute']}", str),
)
NAMES = tuple(sorted({tool.name for tool in (*KNOWN, *ON_A_CLUSTER, *OF_PROCESSES)}))


def held(sight: Sight) -> tuple[Tool, ...]:
    """The tools that look at such an environment."""
    return (*(ON_A_CLUSTER if sight.target else OF_PROCESSES), *KNOWN)


def bind(sight: Sight, allowed: Sequence[str] | None) -> tuple[BoundTool, ...]:
    """They, bound to this sight; of them those that the profile allows (None: all)."""
    return tuple(tool.bind(sight) for tool in held(sight) if allowed is None or tool.name in allowed)
