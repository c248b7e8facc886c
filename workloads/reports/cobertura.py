"""Cobertura XML, as coverage.py writes it: one fact a file that tests do not run whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from workloads.evidence import Fact
from workloads.reports.markup import load, number
from workloads.reports.shaping import fact

RULE = "not-covered"


def facts(content: bytes, tool: str) -> Iterator[Fact]:
    """For information: what was not run is no error, but it was not tested."""
    root = load(content, "coverage")
    hits: dict[str, dict[int, int]] = defaultdict(dict)
    for one in root.iter("class"):
        lines = hits[one.get("filename", "")]
        for line in one.iter("line"):
            at, times = number(line.get("number")), number(line.get("hits"))
            if at is not None and times is not None:
                lines[at] = max(times, lines.get(at, 0))
    for path, lines in hits.items():
        missed = sorted(at for at, times in lines.items() if not times)
        if missed:
            share = 100 * (len(lines) - len(missed)) // len(lines)
            said = f"{len(missed)} of {len(lines)} lines were not run by any test ({share} % were)."
            yield fact(path, tool, RULE, "info", said, path=path, line=missed[0], source_line=path)
