"""How rules make evidence and hypotheses: one place where texts are redacted and cut."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from controlplane.core.redaction import redact
from workloads.diagnosis.answers import Hypothesis, Proof, Source
from workloads.diagnosis.remedies import remedies
from workloads.diagnosis.view.events import Event
from workloads.diagnosis.view.logs import Line

LONGEST_TEXT = 400
LATEST = 4_102_444_800  # the year 2100: no time of evidence lies behind it


def clean(text: str, most: int = LONGEST_TEXT) -> str:
    """A text from outside, fit to be shown: redacted, on one line, not too long."""
    flat = " ".join(redact(text[: most * 4]).split())
    flat = "".join(letter for letter in flat if letter.isprintable())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def seen(path: str, text: str, at: str = "") -> Proof:
    """Something an object says of itself."""
    return Proof(Source.OBJECT, clean(path, 200), clean(text), at)


def heard(event: Event) -> Proof:
    """An event."""
    return Proof(Source.EVENT, clean(event.path, 200), clean(f"{event.reason} x{event.count}: {event.message}"), event.stamp)


def logged(line: Line) -> Proof:
    """A line of a log."""
    return Proof(Source.LOG, clean(line.where, 200), clean(line.text), line.at)


def measured(series: str, text: str, at: float = 0.0) -> Proof:
    """Something a series of measurements shows."""
    return Proof(
        Source.METRIC, clean(series, 200), clean(text), datetime.fromtimestamp(at, UTC).isoformat() if 0 < at < LATEST else ""
    )


def other(source: Source, where: str, text: str, at: str = "") -> Proof:
    """A line from an alert, a probe or a declaration."""
    return Proof(source, clean(where, 200), clean(text), at)


def suppose(
    fault: str,
    about: str,
    namespace: str,
    confidence: float,
    summary: str,
    evidence: Iterable[Proof] = (),
    *,
    explains: Iterable[str] = (),
    contradictions: Iterable[str] = (),
) -> Hypothesis:
    """A hypothesis about `app/...`, `node/...` or `namespace/...`; each contradiction takes its share of the confidence."""
    against = tuple(contradictions)
    return Hypothesis(
        fault=fault,
        object=clean(about, 300),
        namespace=namespace,
        confidence=round(max(0.05, min(0.99, confidence) * 0.6 ** len(against)), 3),
        summary=clean(summary),
        evidence=tuple(evidence)[:8],
        remedies=remedies(fault, about),
        explains=frozenset(explains),
        contradictions=against,
    )
