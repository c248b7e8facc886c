"""A Diagnosis as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.answers import Diagnosis, Hypothesis

MOST_SYMPTOMS, MOST_FINDINGS = 8, 20


def lines(diagnosis: Diagnosis) -> Iterator[str]:
    """The verdict, then hypotheses with evidence and remedies, symptoms, findings, and what was missing."""
    yield f"{diagnosis.standing.upper()}: {diagnosis.summary}"
    for place, each in enumerate(diagnosis.hypotheses, 1):
        yield ""
        yield from _hypothesis(place, each)
    yield from _list("Symptoms", [f"{each.object}: {each.text}" for each in diagnosis.symptoms], MOST_SYMPTOMS)
    found = [f"{each.severity:8} {each.path}: {each.message} [{each.rule}]" for each in diagnosis.findings]
    yield from _list("Findings", found, MOST_FINDINGS)
    if diagnosis.missing:
        yield ""
        yield f"Not in this evidence, so not judged: {', '.join(diagnosis.missing)}."
    for part in diagnosis.partly:
        yield f"Read in part only: {part}."
    for problem in diagnosis.problems:
        yield f"Could not be read: {problem}"


def _hypothesis(place: int, each: Hypothesis) -> Iterator[str]:
    yield f"{place}. {each.object}  {each.fault}  (confidence {each.confidence:.0%})"
    yield f"   {each.summary}"
    for proof in each.evidence:
        when = f" at {proof.at}" if proof.at else ""
        yield f"   - {proof.source} {proof.where}{when}: {proof.text}"
    for against in each.contradictions:
        yield f"   ! against it: {against}"
    for remedy in each.remedies:
        yield f"   > {remedy.summary}{'' if remedy.reversible else ' (cannot be undone)'}"
        if remedy.parameters:
            yield f"     {remedy.action} {remedy.target}: {', '.join(f'{name}={value}' for name, value in remedy.parameters)}"[:600]


def _list(title: str, found: list[str], most: int) -> Iterator[str]:
    if found:
        yield ""
        yield f"{title} ({len(found)}):"
        yield from (f"  {text}" for text in found[:most])
        if len(found) > most:
            yield f"  and {len(found) - most} more"
