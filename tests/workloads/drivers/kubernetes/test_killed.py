"""kill -9 of the worker at each phase of each strategy: whoever goes on ends where it should, and writes nothing twice.

The kill is an exception that nobody catches, raised at the n-th write to the cluster (removals too): what was done stays done,
what was in memory is gone. Another worker with a newer lease goes on. What was written is counted where it leaves us, and, where
its audit log is given, by the API server: no object more often than by a worker that nobody killed.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.accounts import Account, account
from tests.audited import audit_log
from tests.cluster import kubeconfig
from tests.workloads.drivers.kubernetes import victim
from tests.workloads.drivers.kubernetes.stage import MIGRATE, ClusterStage, cluster_stage
from tests.workloads.drivers.kubernetes.victim import writes
from workloads.adapters.kubernetes.client import Client
from workloads.models import Change, Cluster, Deployment, Instance

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"
STRATEGIES = ["rolling", "blue_green", "canary"]
MOST_PHASES = 60
KILLS = [(5, True), (2, False), (6, True), (7, False)]  # at which write, before or after it


@pytest.fixture
def writer(kube: Client, namespace: str) -> Account:
    """An identity of its own, so that its writes can be counted; with no right beyond those we ask for."""
    return account(kube, namespace, "write")


@pytest.fixture
def shop(transactional_db: None, kube: Client, namespace: str, writer: Account) -> ClusterStage:
    found = cluster_stage(kube, kubeconfig(), namespace)
    found.options(make_namespace=False)
    Cluster.objects.update(write_credentials=writer.kubeconfig)
    return found


class Killed(BaseException):
    """What kill -9 looks like from inside: nothing after it runs."""


@dataclass
class Killer:
    """Counts the writes that reach the cluster, and ends the worker before or after the n-th."""

    kill_at: int = 0
    after: bool = False
    writes: list[str] = field(default_factory=list)
    marks: Counter[str] = field(default_factory=Counter)
    killed: bool = False

    def ask(
        self, original: Any, client: Client, method: str, path: str, query: Any = None, body: Any = None, *more: Any, **rest: Any
    ) -> Any:
        if not writes(method, query, rest):
            return original(client, method, path, query, body, *more, **rest)
        self._maybe(before=True)
        answer = original(client, method, path, query, body, *more, **rest)
        self.writes.append(f"{method} {path}")
        notes = ((body or {}).get("metadata") or {}).get("annotations") or {}
        self.marks[f"{self.writes[-1]} {notes.get('timonel.dev/applied')}"] += 1
        self._maybe(before=False)
        return answer

    def _maybe(self, *, before: bool) -> None:
        number = len(self.writes) + (1 if before else 0)
        if not self.killed and number == self.kill_at and before is not self.after:
            self.killed = True
            raise Killed


@contextlib.contextmanager
def killing(monkeypatch: pytest.MonkeyPatch, killer: Killer) -> Iterator[Killer]:
    original = Client.ask
    with monkeypatch.context() as patch:
        patch.setattr(Client, "ask", lambda *given, **rest: killer.ask(original, *given, **rest))
        yield killer


@dataclass
class Guard:
    """Looks all the time whether the stable Service selects a ready pod."""

    shop: ClusterStage
    worst: int = 99
    looks: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stop.is_set():
            self.worst, self.looks = min(self.worst, self.shop.selected_ready()), self.looks + 1
            self.stop.wait(0.15)


@contextlib.contextmanager
def guarded(shop: ClusterStage) -> Iterator[Guard]:
    guard = Guard(shop)
    thread = threading.Thread(target=guard.run)
    thread.start()
    try:
        yield guard
    finally:
        guard.stop.set()
        thread.join()


@dataclass
class Count:
    """What the API server says of each roll-out, beside one that nobody killed."""

    shop: ClusterStage
    writer: Account
    usual: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.log = audit_log(self.shop.namespace)

    def begin(self) -> None:
        if self.log:
            self.log.begin()

    def learn(self) -> None:
        """This is how often each object is written where nothing happens in between."""
        if self.log:
            self.usual = self.log.written(self.writer.user)
            assert self.usual

    def check(self) -> None:
        """Nothing more often, by nobody else, and nothing left out."""
        if self.log:
            found = self.log.written(self.writer.user)
            assert found == self.usual, (found - self.usual, self.usual - found)
            assert self.log.users("deployments") == {self.writer.user}


def begun(shop: ClusterStage, plan: dict[str, Any], outcome: str, count: Count) -> None:
    """Two releases are live one after the other; then one is rolled out as it shall be counted, with this outcome."""
    for number in range(2):
        assert shop.deploy(shop.release(f"sound-{number}", plan=plan)).switched
    if outcome == "unready":
        shop.options(labels={"lab/outcome": "unready"}, rollout={"threshold": 3})
    change = shop.propose(shop.release("usual", plan=plan))
    count.begin()
    assert shop.apply(change).switched is (outcome == "ready")
    count.learn()
    if outcome == "ready":
        shop.keep(change)


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["ready", "unready"])
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.timeout(1500)
def test_killed_at_every_write_the_end_is_right_and_nothing_is_written_twice(
    shop: ClusterStage, writer: Account, monkeypatch: pytest.MonkeyPatch, strategy: str, outcome: str
) -> None:
    shop.strategy(strategy)
    shop.options(rollout={"interval": 1, "threshold": 40, "steps": [34]}, processes={"web": {"replicas": 3}})
    processes = {"web": ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:{port}"], "worker": ["celery", "-A", "shop", "worker"]}
    plan = {"processes": processes, "release_steps": MIGRATE if outcome == "ready" else []}
    count = Count(shop, writer)
    begun(shop, plan, outcome, count)
    for number in range(1, MOST_PHASES):
        killer = Killer(kill_at=number, after=number % 2 == 0)
        before = shop.active
        change = shop.propose(shop.release(f"v{number}", plan=plan))
        count.begin()
        with killing(monkeypatch, killer), guarded(shop) as guard:
            with contextlib.suppress(Killed):
                shop.apply(change, key=f"key-{change.pk}", lease=1)
            result = shop.apply(change, key=f"key-{change.pk}", lease=2)
        twice = {mark: times for mark, times in killer.marks.items() if times > 1}
        assert not twice, (number, twice)
        assert guard.looks and guard.worst >= 1, (number, guard)
        judge(shop, change, before, result.switched, outcome)
        count.check()
        if not killer.killed:
            print(f"{strategy}, {outcome}: killed at each of {number - 1} writes")
            assert number > 5  # a set that never becomes ready is written in a few strokes
            return
    raise AssertionError("it never came through without a kill")


def judge(shop: ClusterStage, change: Change, before: Instance | None, switched: bool, outcome: str) -> None:
    """It ended as it would have without: in the rows, and on the cluster."""
    change = Change.objects.get(pk=change.pk)
    deployment, active = Deployment.objects.get(change=change), shop.active
    if outcome == "ready":
        assert switched, change.result
        assert (change.status, active.release_id if active else 0) == ("applied", deployment.release_id)
        shop.keep(change)
    else:
        assert not switched, change.result
        assert (change.status, deployment.status, active) == ("failed", "failed", before)
    assert shop.selected_ready() == 3
    assert Instance.objects.filter(release=deployment.release_id).count() == 1


@pytest.mark.parametrize(
    ("strategy", "kills"), [("canary", KILLS[:1]), *(pytest.param(name, KILLS, marks=pytest.mark.slow) for name in STRATEGIES)]
)
@pytest.mark.timeout(400)
def test_a_process_that_is_really_killed_is_taken_over(
    shop: ClusterStage, writer: Account, strategy: str, kills: list[tuple[int, bool]]
) -> None:
    shop.strategy(strategy)
    shop.options(rollout={"interval": 1, "threshold": 40, "steps": [34]})
    count = Count(shop, writer)
    begun(shop, {}, "ready", count)
    for number, (at, after) in enumerate(kills, 1):
        change = shop.propose(shop.release(f"v{number}"))
        count.begin()
        with guarded(shop) as guard:
            code = victim.apply_and_die(change.pk, f"key-{change.pk}", 1, at=at, after=after)
            assert code == -9, code
            result = shop.apply(change, key=f"key-{change.pk}", lease=2)
        assert guard.looks and guard.worst >= 1, (number, guard)
        judge(shop, change, None, result.switched, "ready")
        count.check()
