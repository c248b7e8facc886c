"""How findings are made: one shape, texts redacted."""

from __future__ import annotations

from workloads.diagnosis.rules.making import clean
from workloads.evidence import Fact
from workloads.unchecked import Table, word

TOOL = "kubernetes"
INFO, LOW, MEDIUM, HIGH = "info", "low", "medium", "high"


def place(obj: Table) -> str:
    """kind/namespace/name, as a Finding keeps it."""
    parts = (word(obj, "kind").lower(), word(obj, "metadata", "namespace"), word(obj, "metadata", "name"))
    return "/".join(part for part in parts if part)


def fact(rule: str, severity: str, obj: Table | str, message: str, cure: str = "") -> Fact:
    """One finding about an object."""
    path = obj if isinstance(obj, str) else place(obj)
    return Fact(TOOL, rule, severity, clean(message), clean(path, 300), cure=clean(cure))
