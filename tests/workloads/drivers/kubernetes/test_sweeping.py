"""Former sets are scaled to nothing once they were kept long enough, and come back all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads.drivers.kubernetes import sweeping
from workloads.models import Deployment, Instance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hurried")]


def sizes(shop: ClusterStage) -> list[int]:
    return sorted(item["spec"]["replicas"] for item in shop.all("Deployment"))


@pytest.fixture
def two_sets(pretended: ClusterStage) -> ClusterStage:
    pretended.strategy("blue_green")
    for ref in ("v1", "v2"):
        assert pretended.deploy(pretended.release(ref)).switched
    return pretended


def test_a_former_set_is_kept_then_scaled_to_nothing_and_returns(two_sets: ClusterStage) -> None:
    assert sweeping.settle() == 0
    assert sizes(two_sets) == [3, 3]
    Instance.objects.filter(release__ref="v1").update(stop_after=timezone.now() - timedelta(seconds=1))
    assert sweeping.settle() == 1
    assert sizes(two_sets) == [0, 3]
    assert sweeping.settle() == 0
    assert two_sets.selected_ready() == 3
    assert two_sets.roll_back().switched
    assert two_sets.active is not None and two_sets.active.release.ref == "v1"
    assert two_sets.selected_ready() == 3


def test_nothing_is_stopped_while_the_new_one_is_being_watched(two_sets: ClusterStage) -> None:
    Deployment.objects.filter(release__ref="v2").update(status="verifying")
    Instance.objects.filter(release__ref="v1").update(stop_after=timezone.now() - timedelta(seconds=1))
    assert sweeping.settle() == 0
    assert sizes(two_sets) == [3, 3]


def test_the_next_release_sweeps_up_the_set_before_the_last(two_sets: ClusterStage) -> None:
    change = two_sets.propose(two_sets.release("v3"))
    assert two_sets.apply(change).switched
    assert len(two_sets.all("Deployment")) == 2
