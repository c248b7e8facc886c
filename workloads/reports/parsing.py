"""A report of any known format as facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from controlplane.core.errors import Invalid
from workloads.evidence import Fact
from workloads.reports import checkov, cobertura, generic, junit, sarif, trivy
from workloads.reports.shaping import clean

MOST_FACTS = 5_000


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a report says: the tool that wrote it, and its facts in order."""

    tool: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is read. `tool_of` where the report names its tool, otherwise `tool`."""

    facts: Callable[[bytes, str], Iterator[Fact]]
    tool: str = ""
    tool_of: Callable[[bytes], str] | None = None


FORMATS: dict[str, Format] = {
    "sarif": Format(sarif.facts, tool_of=sarif.tool_of),
    "junit": Format(junit.facts, "tests"),
    "cobertura": Format(cobertura.facts, "coverage"),
    "trivy": Format(trivy.facts, "trivy"),
    "checkov": Format(checkov.facts, "checkov"),
    "generic": Format(generic.facts, tool_of=generic.tool_of),
}


def parse(format: str, content: bytes, tool: str = "") -> Parsed:
    """The report; `tool` goes before the name it says itself. Raises Invalid, naming the place in the report."""
    reader = FORMATS.get(format)
    if reader is None:
        raise Invalid(f"There is no format {format!r}.", cure=f"Known: {', '.join(FORMATS)}.")
    said = tool or reader.tool or (reader.tool_of(content) if reader.tool_of else "")
    name = clean(said, 40) or format
    found = tuple(islice(reader.facts(content, name), MOST_FACTS + 1))
    if len(found) > MOST_FACTS:
        raise Invalid(f"The report holds more than {MOST_FACTS} findings.", cure="Raise the tool's threshold, or split the report.")
    return Parsed(name, found)
