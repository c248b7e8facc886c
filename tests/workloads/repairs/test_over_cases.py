"""The best offers over our own cases, and over recorded ones: a folder or archive of them is named by TIMONEL_TEST_CASES."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evals.diagnosis.building import build, cases
from tests.workloads.repairs.sweeping import Tally, sweep
from workloads.adapters.snapshots import read_snapshot
from workloads.diagnosing import snapshots_below
from workloads.diagnosis.snapshot import Snapshot

# What cannot honestly be mended through the API, or where these cases do not tell with what: a person is told in words.
BY_HAND = {
    "kube_scheduler_unavailable",
    "db_connection_exhaustion",
    "db_read_only",
    "database_connections_exhausted",
    "migration_failed",
    "migration_breaks_running_code",
    "pending_migrations",
    "secret_key_insecure",
    "static_files_missing",
    "wsgi_worker_timeout",
}


def own(step: int) -> Iterator[tuple[str, Snapshot]]:
    for case in cases()[::step]:
        yield case.name, build(case)


def told(tally: Tally) -> None:
    print("\n" + "\n".join(tally.lines()))
    assert not tally.wrong, "\n".join(tally.wrong)


def test_the_best_offers_break_nothing_and_hold_in_the_end() -> None:
    tally = sweep(own(4))
    told(tally)
    assert sum(count["offers"] for count in tally.counted.values()) >= 10


@pytest.mark.slow
def test_every_case_of_ours_whose_fault_can_be_mended_has_an_offer_or_lacks_evidence() -> None:
    tally = sweep(own(1))
    told(tally)
    faults = {fault for fault, count in tally.counted.items() if count["offers"]}
    assert len(faults) >= 38
    assert not faults & BY_HAND


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_recorded_cases(tmp_path: Path) -> None:
    where = os.environ.get("TIMONEL_TEST_CASES")
    if not where:
        pytest.skip("not run: TIMONEL_TEST_CASES names no recorded cases")
    root = Path(where)
    if root.is_file():
        subprocess.run(["tar", "xf", str(root), "-C", str(tmp_path)], check=True)
        root = tmp_path
    tally = sweep((str(folder.relative_to(root)), read_snapshot(folder)) for folder in snapshots_below(root))
    told(tally)
