"""An alert storm: thousands of alerts of forty causes become forty incidents, nothing is lost, and the pages stay usable.

Told over the door by several senders at once, handled by several workers at once, on the real database. Figures are printed.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from statistics import quantiles

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from agents import reactions
from controlplane.core import chain
from controlplane.core.models import AuditEntry, User
from tests.workloads import alerts as told
from tests.workloads.hooks import senders
from tests.workloads.stage import stage
from workloads.models import Alert, Announcement, Environment, Incident, Target, WebhookDelivery, WebhookSource
from workloads.models.clusters import Cluster

pytestmark = pytest.mark.django_db(transaction=True)
CAUSES = 40
BETWEEN_PAGES = 0.2  # seconds: a few people who look
SIZES = (300, 7, 120, 1, 60, 250, 15)
PAGES = ("/", "/incidents/", "/incidents/?status=unresolved", "/webhooks/")


@dataclass
class Figures:
    """What a storm took."""

    deliveries: int = 0
    told: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    pages: dict[str, list[float]] = field(default_factory=dict)  # milliseconds
    page_cpu: list[float] = field(default_factory=list)  # milliseconds of work, without waiting for others

    def print(self) -> None:
        every = [took for times in self.pages.values() for took in times]
        p95 = {page: round(_p95(times)) for page, times in self.pages.items()}
        took = f"{self.seconds:.1f} s, {self.cpu:.1f} s of them in this process"
        print(f"\n{self.told} tellings in {self.deliveries} deliveries, handled in {took}")
        print(f"pages meanwhile: {len(every)} asked for, p95 {_p95(every):.0f} ms ({_p95(self.page_cpu):.0f} ms of work); {p95}")


@pytest.fixture
def places(settings: Settings) -> Iterator[tuple[Environment, Environment]]:
    """One environment on a cluster, one of the process driver; whoever may see and administer both is `ada`."""
    cache.clear()
    settings.HOOKS_A_MINUTE = 1_000_000
    on_cluster, local = stage("production").environment, stage("staging", "local").environment
    Environment.objects.filter(pk=on_cluster.pk).update(driver="kubernetes")
    cluster = Cluster.objects.create(name="harbour", kind="in_cluster")
    Target.objects.create(environment=on_cluster, cluster=cluster, namespace="shop")
    User.objects.create_superuser("ada", "ada@example.org", password=None)
    yield on_cluster, local
    connections.close_all()


def test_a_share_of_a_storm_becomes_one_incident_a_cause(places: tuple[Environment, Environment]) -> None:
    figures = storm(places, alerts=120)
    assert figures.deliveries > 10
    figures.print()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(400)
def test_five_thousand_alerts_of_forty_causes_become_forty_incidents(places: tuple[Environment, Environment]) -> None:
    figures = storm(places, alerts=5_000)
    figures.print()
    assert figures.cpu < 60, "a minute of one core, the senders and the reader of pages included"
    assert _p95(figures.page_cpu) < 500


def storm(places: tuple[Environment, Environment], alerts: int) -> Figures:
    """Let it come, and hold what became of it against what was told."""
    groups, source = told.causes(CAUSES // 2, alerts // CAUSES, "shop"), told.source_for(places[0])
    local = told.causes(CAUSES // 2, alerts // CAUSES)
    second = told.source_for(places[1], name="others")
    sent = [*_sent(groups, "am-0"), *_sent(groups, "am-1")], _sent(local, "am-2")
    figures = Figures(deliveries=len(sent[0]) + len(sent[1]))
    figures.told = sum(len(document["alerts"]) for documents in sent for document in documents)
    assert any(len(document["alerts"]) >= 200 for document in sent[0]) or alerts < 5_000
    reading = threading.Event()
    reader = threading.Thread(target=_in_thread(lambda: _read_pages(reading, figures)))
    reader.start()
    began, worked = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(_in_thread(partial(_deliver, source, one))) for one in sent[0]]
        jobs += [pool.submit(_in_thread(partial(_deliver, second, one))) for one in sent[1]]
        for job in jobs:
            job.result()
    figures.seconds, figures.cpu = time.perf_counter() - began, time.process_time() - worked
    reading.set()
    reader.join()
    _check(places, alerts, figures)
    return figures


def _sent(groups: Sequence[Sequence[told.One]], sender: str) -> list[told.Document]:
    """By kind of alert, in groups large and small; a part told again, a part over and told so; in no order."""
    dice = random.Random(sender)  # a storm that can be repeated
    found = []
    for name in sorted({group[0].name for group in groups}):
        of_name = [one for group in groups if group[0].name == name for one in group]
        for piece in told.pieces(of_name, SIZES):
            found.append(told.notification(piece, {"alertname": name}, sender))
            if dice.random() < 0.5:
                found.append(told.notification(piece, {"alertname": name}, sender, groupKey="again"))
            if dice.random() < 0.3:
                found.append(told.notification([one.over() for one in piece[::3]], {"alertname": name}, sender))
    dice.shuffle(found)
    return found


def _deliver(source: WebhookSource, document: told.Document) -> None:
    """Over the door, and handled as a worker does."""
    body = json.dumps(document).encode()
    answer = Client().post(
        f"/api/v1/hooks/{source.name}", body, "application/json", headers=senders.alertmanager(body, key="k" * 32)
    )
    assert answer.status_code == 202, answer.content
    reactions.react(answer.json()["delivery"])


def _read_pages(over: threading.Event, figures: Figures) -> None:
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    for page in PAGES:
        client.get(page)  # what a server has read once it runs
    while not over.is_set():
        latest = Incident.objects.order_by("-alert_count").first()
        more = [f"/incidents/{latest.pk}/", f"/environments/{latest.environment_id}/"] if latest else []
        for page in (*PAGES, *more):
            began, worked = time.perf_counter(), time.thread_time()
            assert client.get(page).status_code == 200, page
            figures.page_cpu.append((time.thread_time() - worked) * 1000)
            took = (time.perf_counter() - began) * 1000
            over.wait(BETWEEN_PAGES)
            name = f"/{page.split('/')[1]}/…" if page in more else page
            figures.pages.setdefault(name, []).append(took)


def _in_thread(work: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    return run


def _check(places: tuple[Environment, Environment], alerts: int, figures: Figures) -> None:
    assert Incident.objects.count() == CAUSES
    assert [Incident.objects.filter(environment=place).count() for place in places] == [CAUSES // 2] * 2
    rows = Alert.objects.filter(incident__isnull=False)
    assert rows.count() == Alert.objects.values("environment", "identity").distinct().count() == alerts
    assert rows.aggregate(all=Sum("told"))["all"] == figures.told
    assert not WebhookDelivery.objects.exclude(status="handled").exists()
    for incident in Incident.objects.all():
        of_it = Alert.objects.filter(incident=incident)
        counted = of_it.count(), of_it.filter(ended_at__isnull=True).count()
        assert (incident.alert_count, incident.firing_count) == counted
        assert incident.alert_count == alerts // CAUSES
    assert AuditEntry.objects.filter(action="incident.open").count() == CAUSES
    assert Announcement.objects.filter(kind="incident_opened").count() == CAUSES
    assert AuditEntry.objects.count() < 3 * figures.deliveries + 10 * CAUSES
    assert chain.verify().whole


def test_the_pages_ask_as_much_for_many_alerts_as_for_few(places: tuple[Environment, Environment]) -> None:
    source, counted = told.source_for(places[0]), []
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    for many in (2, 60):
        for group in told.causes(4, many, "shop"):
            reactions.react(told.receive(source, told.notification(group), again=str(many)).pk)
        counted.append([_questions(client, page) for page in _pages()])
    assert counted[0] == counted[1]


def _pages() -> list[str]:
    latest = Incident.objects.latest("pk")
    one, place = f"/incidents/{latest.pk}/", f"/environments/{latest.environment_id}/"
    return ["/", "/incidents/", "/webhooks/", one, f"{one}alerts/", f"{one}alerts/?state=firing", place]


def _questions(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(connection) as found:
        assert client.get(page).status_code == 200, page
    return len(found)


def _p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1] if len(times) > 1 else sum(times)
