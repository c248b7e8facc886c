"""Logs: errors that repeat in the last minutes of running containers. Told as counts with one example, never as a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.findings.stating import LOW, fact
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.logs import Signature
from workloads.evidence import Fact

_ERROR = Signature(
    re.compile(
        r"\b(?:FATAL|CRITICAL|PANIC|ERROR)\b|Traceback \(most recent call last\)|\"(?:level"
        r"|severity)\": ?\"(?:error|fatal|critical)\"|panic:"
    ),
    ("fatal", "critical", "panic", "error", "traceback"),
)
MANY, WINDOW = 5, 600.0


def findings(view: View) -> Iterator[Fact]:
    """Workloads whose logs repeat errors now."""
    for workload in view.workloads:
        lines = [
            line
            for log in view.logs_of(workload)
            if not log.source.previous
            for line in log.matching(_ERROR, most=50)
            if line.within(WINDOW)
        ]
        if len(lines) >= MANY:
            yield fact(
                "log_errors",
                LOW,
                workload.obj or workload.path,
                f"{len(lines)} errors in the last minutes, for example: {lines[0].text[:250]}",
            )
