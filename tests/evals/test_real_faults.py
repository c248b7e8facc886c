"""Faults made for real: each found from a live Snapshot, repaired through an approved Change, its invariant verified, undone once.

`TIMONEL_TEST_IMAGE` names an image with Python by digest that the cluster can pull; `TIMONEL_TEST_NODES` (JSON) selects the nodes
that really run. Without the first these tests are told as not run. `pytest -s` prints how long each part took.
"""

from __future__ import annotations

import fcntl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.cluster import kubeconfig
from tests.evals.faults.faults import FAULTS, Fault
from tests.evals.faults.town import IMAGE, Town
from tests.workloads.stage import decide
from workloads import changes, diagnoses, mending
from workloads.adapters.kubernetes.client import Client
from workloads.diagnosis.answers import Diagnosis as Answer
from workloads.drivers import Outcome
from workloads.models import Application, Change, Cluster, Diagnosis, Environment, Target
from workloads.snapshots import taking
from workloads.verdicts import Verdict

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not IMAGE, reason="no image that really runs: set TIMONEL_TEST_IMAGE"),
]
NAMESPACE = "faults"
SYSTEM = Actor.system("test")
FOUND_WITHIN, GONE_WITHIN = 120.0, 90.0


@dataclass
class Watch:
    """How long each part took."""

    begun: float = field(default_factory=time.monotonic)
    parts: list[tuple[str, float]] = field(default_factory=list)

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.parts.append((name, now - self.begun))
        self.begun = now

    def told(self) -> str:
        total = sum(seconds for _, seconds in self.parts)
        return f"{', '.join(f'{name} {seconds:.1f}' for name, seconds in self.parts)}; {total:.1f} s"


@pytest.fixture
def town(transactional_db: None, kube: Client, namespace: str) -> Town:
    found = Town(kube, namespace)
    found.build()
    return found


@pytest.fixture
def environment(transactional_db: None, namespace: str) -> Environment:
    application = Application.objects.create(name="town", repository="/nowhere")
    made = Environment.objects.create(application=application, name="production", tier="production", driver="kubernetes")
    config = kubeconfig()
    cluster = Cluster.objects.create(name="real", read_credentials=config, write_credentials=config)
    Target.objects.create(environment=made, cluster=cluster, namespace=namespace)
    return made


@contextmanager
def node(fault: Fault, town: Town) -> Iterator[None]:
    """Whoever disturbs the node does it alone, and leaves it as it was."""
    if not fault.shared:
        yield
        return
    with (Path(tempfile.gettempdir()) / "timonel-test-node.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fault.clean(town)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_it_is_found_repaired_verified_and_undone(
    fault: Fault, town: Town, environment: Environment, alice: User, bob: User, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = tuple((code, at.format(namespace=town.namespace)) for code, at in fault.expected)
    watch = Watch()
    with node(fault, town):
        fault.make(town)
        watch.lap("broken")
        row, answer = found(environment, expected)
        watch.lap("found")
        change = repaired(row, environment, alice, bob)
        watch.lap("repaired, invariant verified")
        gone(environment, expected)
        watch.lap("diagnosed anew")
        undone(change, alice, bob)
        watch.lap("undone")
    with capsys.disabled():
        print(f"\n{fault.name}: {answer.hypotheses[0].fault} at {answer.hypotheses[0].object}, by {change.title!r}: {watch.told()}")


def found(environment: Environment, expected: tuple[tuple[str, str], ...]) -> tuple[Diagnosis, Answer]:
    """The diagnosis, once it says first what was done."""
    end = time.monotonic() + FOUND_WITHIN
    while True:
        row, answer = diagnoses.live_one(SYSTEM, taking.scope_of(environment))
        if answer.hypotheses and (answer.hypotheses[0].fault, answer.hypotheses[0].object) in expected:
            return row, answer
        told = [(one.fault, one.object, one.confidence) for one in answer.hypotheses]
        assert time.monotonic() < end, (str(answer.standing), answer.summary, told, [one.text for one in answer.symptoms])
        time.sleep(1)


def repaired(row: Diagnosis, environment: Environment, alice: User, bob: User) -> Change:
    """The first remedy, proposed by one person, approved by another, applied, and looked at."""
    offers = mending.offered(Actor.person(alice), row)
    offer = next((one for one in offers if one.hypothesis == 0 and one.repair and not one.why_not), None)
    assert offer is not None and offer.repair is not None, [(one.summary, one.why_not) for one in offers]
    change = mending.propose(Actor.person(alice), environment, offer.repair, idempotency_key=f"repair-{row.pk}")
    carried(change, bob)
    return change


def undone(change: Change, alice: User, bob: User) -> None:
    """Taken back through a Change of its own: what was before stands again."""
    carried(mending.propose_undo(Actor.person(alice), change, idempotency_key=f"undo-{change.pk}"), bob)


def carried(change: Change, bob: User) -> None:
    """Approved, applied, verified."""
    assert change.status == Change.Status.WAITING, change.refused_because
    decide(change, bob)
    outcome: Outcome = changes.apply(change.pk, key=f"key-{change.pk}", fence=1, say=_quiet)
    assert outcome.verdict is not Verdict.FAILED, outcome
    change.refresh_from_db()
    verified = mending.verify(SYSTEM, change, say=_quiet)
    assert verified.verdict is Verdict.PASSED, (change.title, verified)


def gone(environment: Environment, expected: tuple[tuple[str, str], ...]) -> None:
    """No diagnosis says it any more."""
    end = time.monotonic() + GONE_WITHIN
    while True:
        _, answer = diagnoses.live_one(SYSTEM, taking.scope_of(environment))
        told = {(one.fault, one.object) for one in answer.hypotheses}
        if not told & set(expected):
            return
        assert time.monotonic() < end, (str(answer.standing), answer.summary)
        time.sleep(2)


def _quiet(text: str, *, kind: str = "note", level: str = "info") -> None:
    """Nobody listens."""
