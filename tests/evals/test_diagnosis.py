"""The engine against our own cases: the right object and fault first, nothing that is forbidden, no false alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evals.diagnosis.building import about, build, cases
from workloads.diagnosis.answers import Standing
from workloads.diagnosis.engine import diagnose
from workloads.diagnosis.ranking import SURE


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_engine_says_what_a_person_would(case: Path) -> None:
    told = about(case)
    found = diagnose(build(case))
    said = [(each.object, each.fault, each.confidence) for each in found.hypotheses]
    assert found.standing == told["expected"]["verdict"], (found.summary, said, found.symptoms)
    if found.standing is Standing.FAULT:
        assert said[0][:2] == (told["expected"]["object"], told["expected"]["fault"]), said
        assert found.hypotheses[0].evidence and found.hypotheses[0].remedies
    assert not [fault for _, fault, confidence in said if fault in told["forbidden"] and confidence >= SURE]


def test_there_are_enough_cases_and_enough_without_a_fault() -> None:
    verdicts = [about(case)["expected"]["verdict"] for case in cases()]
    assert len(verdicts) >= 60
    assert verdicts.count("healthy") >= 15


def test_every_fault_that_remedies_know_is_in_a_case() -> None:
    faults = {about(case)["expected"].get("fault") for case in cases()}
    assert len(faults - {None}) >= 55
