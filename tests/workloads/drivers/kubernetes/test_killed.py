"""kill -9 of the worker at each phase of each strategy: whoever goes on ends where it should, and writes nothing twice.

The kill is an exception that nobody catches, raised at the n-th question or write to the cluster: what was done stays done,
what was in memory is gone. Another worker with a newer lease goes on.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.workloads.drivers.kubernetes import victim
from tests.workloads.drivers.kubernetes.stage import MIGRATE, ClusterStage
from workloads.adapters.kubernetes.client import Client
from workloads.models import Change, Deployment, Instance

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NAMESPACE = "driver"
STRATEGIES = ["rolling", "blue_green", "canary"]
MOST_PHASES = 60


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

    def apply(self, original: Any, client: Client, item: Mapping[str, Any], **more: Any) -> Any:
        if more.get("dry_run"):
            return original(client, item, **more)
        self._maybe(before=True)
        answer = original(client, item, **more)
        self.writes.append(f"{item['kind']}/{item['metadata']['name']}")
        notes = item["metadata"].get("annotations", {})
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
    original = Client.apply
    with monkeypatch.context() as patch:
        patch.setattr(Client, "apply", lambda client, item, **more: killer.apply(original, client, item, **more))
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


@pytest.mark.parametrize("outcome", ["ready", "unready"])
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.timeout(900)
def test_killed_at_every_write_the_end_is_right_and_nothing_is_written_twice(
    shop: ClusterStage, monkeypatch: pytest.MonkeyPatch, strategy: str, outcome: str
) -> None:
    shop.strategy(strategy)
    shop.options(rollout={"interval": 1, "threshold": 3, "steps": [34]}, processes={"web": {"replicas": 3}})
    processes = {"web": ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:{port}"], "worker": ["celery", "-A", "shop", "worker"]}
    plan = {"processes": processes, "release_steps": MIGRATE if outcome == "ready" else []}
    assert shop.deploy(shop.release("v0", plan=plan)).switched
    if outcome == "unready":
        shop.options(labels={"lab/outcome": "unready"})
    for number in range(1, MOST_PHASES):
        killer = Killer(kill_at=number, after=number % 2 == 0)
        before = shop.active
        change = shop.propose(shop.release(f"v{number}", plan=plan))
        with killing(monkeypatch, killer), guarded(shop) as guard:
            with contextlib.suppress(Killed):
                shop.apply(change, key=f"key-{change.pk}", lease=1)
            result = shop.apply(change, key=f"key-{change.pk}", lease=2)
        twice = {mark: count for mark, count in killer.marks.items() if count > 1}
        assert not twice, (number, twice)
        assert guard.looks and guard.worst >= 1, (number, guard)
        change = Change.objects.get(pk=change.pk)
        deployment = Deployment.objects.get(change=change)
        active = shop.active
        if outcome == "ready":
            assert result.switched, (number, result)
            assert (change.status, active.release.ref if active else "") == ("applied", f"v{number}")
            shop.keep(change)
        else:
            assert not result.switched, (number, result)
            assert (change.status, deployment.status, active) == ("failed", "failed", before)
        assert shop.selected_ready() == 3, number
        assert Instance.objects.filter(release__ref=f"v{number}").count() == 1
        if not killer.killed:
            assert number > 8
            return
    raise AssertionError("it never came through without a kill")


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.timeout(400)
def test_a_process_that_is_really_killed_is_taken_over(shop: ClusterStage, strategy: str) -> None:
    shop.strategy(strategy)
    shop.options(rollout={"interval": 1, "threshold": 3, "steps": [34]})
    assert shop.deploy(shop.release("v0")).switched
    for number, (at, after) in enumerate([(2, False), (5, True), (6, True), (7, False)], 1):
        change = shop.propose(shop.release(f"v{number}"))
        with guarded(shop) as guard:
            code = victim.apply_and_die(change.pk, f"key-{change.pk}", 1, at=at, after=after)
            assert code == -9, code
            result = shop.apply(change, key=f"key-{change.pk}", lease=2)
        assert result.switched, result
        assert guard.looks and guard.worst >= 1, (number, guard)
        assert shop.active is not None and shop.active.release.ref == f"v{number}"
        assert shop.selected_ready() == 3
        shop.keep(change)
