"""The numbers behind an environment's charts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene
from workloads.models import Deployment, Environment, Instance, Sample


@pytest.fixture
def place(scene: Scene) -> Environment:
    """An environment of which nothing was measured yet."""
    environment = scene.environments["storefront/production"]
    Sample.objects.filter(instance__environment=environment).delete()
    return environment


def sample(instance: Instance, at: datetime, process: str = "web", **values: Any) -> None:
    Sample.objects.create(instance=instance, at=at, process=process, **values)


def ago(minutes: float) -> datetime:
    """So many minutes before the minute that runs."""
    return timezone.now().replace(second=5, microsecond=0) - timedelta(minutes=minutes)


def asked(client: Client, environment: Environment, metric: str, **query: int) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/environments/{environment.pk}/chart/{metric}.json", query).json()
    return answer


def test_a_minute_without_a_sample_is_a_gap_and_zero_is_zero(place: Environment, as_: SignIn) -> None:
    instance = place.instances.get()
    sample(instance, ago(3), requests=12, errors=0)
    sample(instance, ago(1), requests=0, errors=0)
    chart = asked(as_("bob"), place, "requests")
    answered, errors = chart["series"]
    assert len(chart["times"]) == len(answered["values"]) == 60
    assert answered["values"][-4:] == [None, 12, None, 0]
    assert (errors["values"][-3], errors["tone"]) == (0, "bad")


def test_cpu_is_an_average_and_copies_that_run_together_add_up(place: Environment, as_: SignIn) -> None:
    first = place.instances.get()
    second = Instance.objects.create(environment=place, release=first.release, key="another", folder="/nowhere")
    for instance, shares in ((first, (10, 30)), (second, (5, 5))):
        for seconds, share in enumerate(shares):
            sample(instance, ago(2) + timedelta(seconds=10 * seconds), cpu_percent=share)
    sample(first, ago(2), "worker", cpu_percent=1)
    series = asked(as_("bob"), place, "cpu")["series"]
    assert [(line["label"], line["values"][-2]) for line in series] == [("web", 25), ("worker", 1)]


def test_answer_times_of_two_copies_are_those_of_the_slower(place: Environment, as_: SignIn) -> None:
    first = place.instances.get()
    second = Instance.objects.create(environment=place, release=first.release, key="another", folder="/nowhere")
    sample(first, ago(2), latency_p99_ms=80.0)
    sample(second, ago(2), latency_p99_ms=240.0)
    assert asked(as_("bob"), place, "answers")["series"][0]["values"][-2] == 240


def test_deployments_are_marks(place: Environment, as_: SignIn) -> None:
    deployment = Deployment.objects.filter(environment=place).latest("pk")
    Deployment.objects.filter(environment=place).update(started_at=None)
    Deployment.objects.filter(pk=deployment.pk).update(started_at=ago(4))
    marks = asked(as_("bob"), place, "memory")["marks"]
    assert marks == [{"at": int(ago(4).timestamp()), "label": deployment.release.label}]


def test_nothing_new_is_answered_with_304(place: Environment, as_: SignIn) -> None:
    client, address = as_("bob"), f"/environments/{place.pk}/chart/cpu.json"
    etag = client.get(address)["ETag"]
    again = client.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) in [(304, b""), (200, again.content)]  # a minute may have passed between
    assert again.status_code == 304 or again["ETag"] != etag


def test_only_the_spans_on_offer_are_drawn_and_only_known_charts(place: Environment, as_: SignIn) -> None:
    client = as_("bob")
    assert len(asked(client, place, "cpu", hours=6)["times"]) == 360
    assert len(asked(client, place, "cpu", hours=9999)["times"]) == 60
    assert client.get(f"/environments/{place.pk}/chart/secrets.json").status_code == 404
    assert as_("mallory").get(f"/environments/{place.pk}/chart/cpu.json").status_code == 404
