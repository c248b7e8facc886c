"""Every finding of every kind, in a fixed order, without repetition."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workloads.diagnosis.findings import (
    configuration,
    disruption,
    gateways,
    ingresses,
    jobs,
    logs,
    networking,
    nodes,
    pods,
    scaling,
    security,
    services,
    storage,
    webhooks,
    workloads,
)
from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact

_RANKS = {"critical": 0, "high": 1, "medium": 2, "low": 3, "info": 4}
_KINDS: tuple[Callable[[View], Iterator[Fact]], ...] = tuple(
    module.findings
    for module in (
        pods,
        workloads,
        jobs,
        services,
        ingresses,
        storage,
        nodes,
        webhooks,
        configuration,
        scaling,
        disruption,
        networking,
        gateways,
        security,
        logs,
    )
)
MOST = 500


def findings(view: View) -> list[Fact]:
    """All of them, the gravest first."""
    found = dict.fromkeys(each for kind in _KINDS for each in kind(view))
    return sorted(found, key=lambda each: (_RANKS.get(each.severity, 5), each.path, each.rule))[:MOST]
