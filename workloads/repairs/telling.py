"""A Diagnosis whose remedies tell their parameters, where the evidence has offers for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from workloads.diagnosis.answers import Diagnosis, Hypothesis, Remedy
from workloads.diagnosis.rules.making import clean
from workloads.diagnosis.snapshot import Snapshot
from workloads.diagnosis.view.cluster import View
from workloads.repairs.kinds import KINDS
from workloads.repairs.offering.everything import offers
from workloads.repairs.values import Repair

MOST = 3  # hypotheses, the likeliest


def with_offers(diagnosis: Diagnosis, snapshot: Snapshot) -> Diagnosis:
    """The same Diagnosis; its first hypotheses' remedies with target and parameters, and one more for each other offer."""
    view = View(snapshot)
    told = [replace(each, remedies=tuple(_told(each, offers(view, each)))) for each in diagnosis.hypotheses[:MOST]]
    return replace(diagnosis, hypotheses=(*told, *diagnosis.hypotheses[MOST:]))


def _told(hypothesis: Hypothesis, offered: Iterable[Repair]) -> Iterator[Remedy]:
    """What is known for the fault, with the first offer of its kind; then offers that nothing stood for."""
    left = list(offered)
    for remedy in hypothesis.remedies:
        fitting = next((each for each in left if each.kind == remedy.action), None)
        if fitting is None:
            yield remedy
            continue
        left.remove(fitting)
        yield replace(remedy, target=clean(fitting.ref.title, 300), parameters=parameters(fitting))
    for each in left:
        yield Remedy(each.kind, clean(each.ref.title, 300), each.summary, parameters(each), KINDS[each.kind].reversible)


def parameters(repair: Repair) -> tuple[tuple[str, str], ...]:
    """The parameters of a repair as texts, fit to be shown."""
    return tuple((name, clean(value if isinstance(value, str) else json.dumps(value))) for name, value in repair.parameters.items())
