"""Our own simple JSON, for tools that write none of the known formats.

{"tool": "my-linter", "facts": [{"rule": "X1", "severity": "high", "message": "...", "path": "a.py", "line": 3,
"source_line": "...", "cure": "..."}]}; of a fact only rule and message must be there.
"""

from __future__ import annotations

from collections.abc import Iterator

from controlplane.core.errors import Invalid
from workloads.evidence import Fact
from workloads.reports.document import Node, load
from workloads.reports.shaping import fact, severity_of

FIELDS = ("rule", "severity", "message", "path", "line", "source_line", "cure")


def tool_of(content: bytes) -> str:
    """The tool it names."""
    return load(content).get("tool").text()


def facts(content: bytes, tool: str) -> Iterator[Fact]:
    """One an entry of `facts`."""
    document = load(content)
    _refuse_unknown(document, ("tool", "facts"))
    if document.get("facts").value is None:
        raise document.get("facts").wrong("a list")
    for found in document.get("facts").items():
        _refuse_unknown(found, FIELDS)
        yield fact(
            found.place,
            tool or document.get("tool").text(),
            found.get("rule").text(),
            severity_of(found.get("severity").text("medium"), found.get("severity").place),
            found.get("message").text(),
            path=found.get("path").text(""),
            line=found.get("line").number(),
            source_line=found.get("source_line").text(""),
            cure=found.get("cure").text(""),
        )


def _refuse_unknown(node: Node, known: tuple[str, ...]) -> None:
    unknown = sorted(set(node.names()) - set(known))
    if unknown:
        raise Invalid(f"{node.place}: there is no field {unknown[0][:60]!r}.", cure=f"Known: {', '.join(known)}.")
