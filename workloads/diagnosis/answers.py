"""What the engine answers: a verdict, ranked hypotheses with their evidence, and remedies as descriptions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from workloads.evidence import Fact


class Standing(StrEnum):
    """The verdict over a Snapshot. `error`: it could not be read, nothing is known."""

    FAULT = "fault"
    HEALTHY = "healthy"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class Source(StrEnum):
    """Which kind of evidence a line comes from."""

    OBJECT = "object"
    EVENT = "event"
    LOG = "log"
    METRIC = "metric"
    ALERT = "alert"
    PROBE = "probe"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Proof:
    """One line of evidence: where it stands (object path, log file, series), what it says (redacted), and when, if it says."""

    source: Source
    where: str
    text: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would mend it, as a description: an Action is made of it elsewhere, previewed and approved.

    `action` is a kind of repair, empty where a person must do it; `parameters` are there where the evidence tells them.
    """

    action: str
    target: str
    summary: str
    parameters: tuple[tuple[str, str], ...] = ()
    reversible: bool = True


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A fault, where the repair goes, how sure, and why. `explains` are objects whose symptoms follow from it."""

    fault: str
    object: str
    namespace: str
    confidence: float
    summary: str
    evidence: tuple[Proof, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    explains: frozenset[str] = frozenset()
    contradictions: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two hypotheses one."""
        return self.fault, self.namespace, self.object


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something that is wrong now, whatever its cause: the object it shows at and what shows."""

    object: str
    namespace: str
    text: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The engine's answer. `missing` are kinds of evidence that were not collected, `partly` those that were in part only,
    `problems` what could not be read.
    """

    standing: Standing
    summary: str
    hypotheses: tuple[Hypothesis, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    findings: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `--json` and for a JSON column."""
        answer = asdict(self)
        answer["verdict"] = answer.pop("standing")
        for hypothesis in answer["hypotheses"]:
            hypothesis["explains"] = sorted(hypothesis["explains"])
            for remedy in hypothesis["remedies"]:
                remedy["parameters"] = dict(remedy["parameters"])
        return answer
