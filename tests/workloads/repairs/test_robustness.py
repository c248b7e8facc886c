"""Evidence and live objects from outside may be anything: repairs are offered, made and judged without stumbling."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from controlplane.core.errors import TimonelError
from tests.evals.diagnosis.building import build, cases
from tests.workloads.diagnosis.test_robustness import disturbed, disturbed_rows
from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.engine import diagnose
from workloads.diagnosis.snapshot import Snapshot
from workloads.diagnosis.view.cluster import View
from workloads.repairs import after, invariant, needs, offers, read, undone, wanted


def tried(snapshot: Snapshot, hypothesis: Hypothesis, chance: random.Random) -> int:
    view = View(snapshot)
    found = offers(view, hypothesis)
    for each in found:
        repair = read(json.loads(json.dumps(each.as_json())))
        live = dict(view.named(repair.ref.kind, repair.ref.namespace, repair.ref.name)) or None
        wanted(repair, live)
        undone(repair, live)
        assert after(repair) is not None and needs(repair) is not None
        invariant(repair, snapshot.objects)
        invariant(repair, disturbed_rows(snapshot.objects, chance))
        try:
            wanted(repair, disturbed(live, chance) if live else None)
        except TimonelError:
            continue
    return len(found)


def over(seed: int, step: int) -> int:
    chance, made = random.Random(seed), 0
    for case in cases()[seed % step :: step]:
        snapshot = build(case)
        kinds = ("objects", "alerts", "metrics", "declared")
        parts: dict[str, Any] = {name: disturbed_rows(getattr(snapshot, name), chance) for name in kinds}
        for hypothesis in diagnose(snapshot, with_findings=False).hypotheses[:2]:
            made += tried(replace(snapshot, **parts), hypothesis, chance)
    return made


def test_disturbed_evidence_never_raises() -> None:
    assert over(1, 5) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_disturbed_evidence_of_every_case_never_raises(seed: int) -> None:
    assert over(seed, 1) > 10
