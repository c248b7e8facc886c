"""Evidence from outside is nothing the engine may stumble over: every value of every object may be anything."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import Any

import pytest

from tests.evals.diagnosis.building import build, cases
from workloads.diagnosis.answers import Standing
from workloads.diagnosis.engine import diagnose
from workloads.diagnosis.snapshot import LogFile, Snapshot

ODD: tuple[Any, ...] = (
    None,
    "",
    "\u202e\x00name",
    0,
    -1,
    10**30,
    1.5,
    True,
    [],
    {},
    [[]],
    [None],
    {"a": {"b": []}},
    "9" * 400,
    "x" * 5000,
    "NaN",
)


def disturbed(value: Any, chance: random.Random) -> Any:
    """A copy in which some values are something else."""
    if chance.random() < 0.03:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {key: disturbed(each, chance) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(disturbed(each, chance) for each in value)
    return value


def disturbed_rows(given: Any, chance: random.Random) -> tuple[Any, ...]:
    return tuple(each for each in (disturbed(one, chance) for one in given or ()) if isinstance(each, dict))


@pytest.mark.parametrize("seed", range(3))
def test_disturbed_evidence_never_raises(seed: int) -> None:
    chance = random.Random(seed)
    for case in cases()[seed::3]:
        snapshot = build(case)
        parts: dict[str, Any] = {
            name: disturbed_rows(getattr(snapshot, name), chance) for name in ("objects", "alerts", "metrics", "declared")
        }
        found = diagnose(replace(snapshot, probes={"nodeServices": disturbed([{"node": 1}], chance)}, **parts))
        assert found.as_json()["verdict"] in set(Standing)


def test_no_evidence_at_all_is_inconclusive() -> None:
    found = diagnose(Snapshot())
    assert found.standing is Standing.INCONCLUSIVE
    assert {"events", "logs", "metrics", "nodes"} <= set(found.missing)


def test_the_same_evidence_gives_the_same_answer() -> None:
    for case in cases()[::10]:
        assert diagnose(build(case)) == diagnose(build(case))


def test_a_log_of_one_endless_line_is_read_in_no_time() -> None:
    snapshot = build(next(case for case in cases() if case.name == "crash-without-a-word"))
    endless = LogFile("shop", "api-7c9d8-x1", "api", False, lambda: "error connection refused mysql " * 8000)
    assert diagnose(replace(snapshot, logs=(endless,))).hypotheses[0].object == "app/api"


def test_names_are_shown_without_what_turns_text_around() -> None:
    snapshot = build(next(case for case in cases() if case.name == "out-of-memory"))
    objects = copy.deepcopy(snapshot.objects)
    for each in objects:
        if each["metadata"]["name"].startswith("worker"):
            each["metadata"]["name"] = each["metadata"]["name"].replace("worker", "wor\u202eker\x1b[31m")
            for owner in each["metadata"].get("ownerReferences", []):
                owner["name"] = owner["name"].replace("worker", "wor\u202eker\x1b[31m")
    shown = str([each.object for each in diagnose(replace(snapshot, objects=objects)).hypotheses])
    assert "\u202e" not in shown and "\x1b" not in shown
