"""JUnit XML, as pytest, unittest and most test runners write it: one fact a test that failed."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from workloads.evidence import Fact
from workloads.reports.markup import load, number
from workloads.reports.shaping import fact

FAILED = {"failure": "failed", "error": "could not run"}


def facts(content: bytes, tool: str) -> Iterator[Fact]:
    """One a failed or broken test; what passed or was skipped is no finding."""
    root = load(content, "testsuites", "testsuite")
    for index, case in enumerate(root.iter("testcase")):
        for outcome in case:
            if outcome.tag in FAILED:
                yield _fact(case, outcome, tool, f"testcase {index + 1}")
                break


def _fact(case: Element, outcome: Element, tool: str, place: str) -> Fact:
    name = ".".join(part for part in (case.get("classname", ""), case.get("name", "")) if part) or place
    said = outcome.get("message") or (outcome.text or "").strip().partition("\n")[0]
    return fact(
        place,
        tool,
        name,
        "high",
        f"The test {FAILED[str(outcome.tag)]}: {said}" if said else f"The test {FAILED[str(outcome.tag)]}.",
        path=case.get("file", ""),
        line=number(case.get("line")),
        source_line=name,
    )
