"""Findings under names that outlive a roll-out: a pod's stand at its workload, and numbers in their texts make no new ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact

_NUMBER = re.compile(r"\b\d[\d.:,]*")


def lasting(view: View, found: Iterable[Fact]) -> list[Fact]:
    """Each once, however many pods of a workload have it; `source_line` is what tells it from others at the same place."""
    kept: dict[tuple[str, str, str], Fact] = {}
    for fact in found:
        one = _at_its_workload(view, fact)
        kept.setdefault((one.path, one.rule, one.source_line), one)
    return list(kept.values())


def _at_its_workload(view: View, fact: Fact) -> Fact:
    kind, _, rest = fact.path.partition("/")
    namespace, _, name = rest.partition("/")
    workload = view.owners.get((namespace, name)) if kind == "pod" else None
    message, path = fact.message, fact.path
    if workload is not None and workload.kind != "Pod":
        message = message.replace(name, workload.name)
        path = f"{workload.kind.lower()}/{namespace}/{workload.name}"
    return replace(fact, message=message, path=path, source_line=_NUMBER.sub("#", f"{fact.rule} {message}"))
