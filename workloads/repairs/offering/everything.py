"""Which offers each fault has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.making import clean
from workloads.diagnosis.view.cluster import View
from workloads.repairs.offering import services, workloads
from workloads.repairs.values import Repair

Offer = Callable[[View, Hypothesis], Iterator[Repair]]
OFFERS: Mapping[str, tuple[Offer, ...]] = {
    "deployment_zero_replicas": (workloads.scaled_up,),
    "service_selector_mismatch": (services.selecting,),
    "service_port_mapping_mismatch": (services.leading,),
    "service_protocol_mismatch": (services.speaking,),
}
MOST = 5


def offers(view: View, hypothesis: Hypothesis) -> tuple[Repair, ...]:
    """What mends it, best first, with parameters computed from the evidence; nothing where the evidence does not say."""
    found: list[Repair] = []
    for offer in OFFERS.get(hypothesis.fault, ()):
        for each in offer(view, hypothesis):
            if (each.kind, each.ref, each.parameters) not in [(one.kind, one.ref, one.parameters) for one in found]:
                found.append(replace(each, summary=clean(each.summary)))
    return tuple(found[:MOST])
