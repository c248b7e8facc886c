"""What is worth mending in what runs is found again and again: new, continuing, fixed, suppressed, each environment its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from controlplane.core.models import User
from tests import afloat
from tests.fake_cluster import FakeCluster
from workloads import findings, live_findings, reporting
from workloads.models import Application, Cluster, Environment, Finding, Release, Report, Target

pytestmark = pytest.mark.django_db
BROKEN = {"run": "nowhere"}


@pytest.fixture
def harbour() -> Iterator[FakeCluster]:
    with afloat.harbour() as made:
        yield made


@pytest.fixture
def environment(harbour: FakeCluster) -> Environment:
    return afloat.moor(Application.objects.create(name="shop", repository="/srv/git/shop"), harbour)


def service(name: str) -> dict[str, Any]:
    spec = {"selector": BROKEN, "ports": [{"port": 80, "targetPort": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": afloat.NAMESPACE}, "spec": spec}


def look(environment: Environment) -> Report:
    report = live_findings.look(Environment.objects.get(pk=environment.pk))
    assert report is not None
    return report


def of(name: str) -> Finding:
    return Finding.objects.get(tool="cluster", path=f"europe/service/shop/{name}")


def state(name: str) -> str:
    return findings.state_of(of(name), timezone.now())


def test_nothing_is_new_at_the_first_look_then_it_is_then_it_is_fixed(environment: Environment, harbour: FakeCluster) -> None:
    first = look(environment)
    assert (first.new, first.fixed) == (0, 0) and first.facts > 2
    harbour.put(service("lost"))
    second = look(environment)
    assert (second.new, second.continuing, second.fixed) == (1, first.facts, 0)
    assert state("lost") == "new"
    with harbour.store.changed:
        harbour.store.remove(("v1", "services", afloat.NAMESPACE, "lost"))
    look(environment)
    assert state("lost") == "fixed"
    harbour.put(service("lost"))
    look(environment)
    assert state("lost") == "new"


def test_with_the_next_release_what_stays_is_continuing(environment: Environment, harbour: FakeCluster) -> None:
    look(environment)
    harbour.put(service("lost"))
    look(environment)
    assert environment.active_instance is not None
    before = environment.active_instance.release.commit
    Release.objects.filter(pk=environment.active_instance.release_id).update(commit="f" * 40)
    assert look(environment).base_commit == before
    assert state("lost") == "continuing"


def test_the_same_seen_again_is_no_new_report(environment: Environment) -> None:
    assert look(environment).pk == look(environment).pk
    assert Report.objects.count() == 1


def test_a_crashing_pod_is_a_finding_of_its_workload(environment: Environment) -> None:
    look(environment)
    paths = set(Finding.objects.filter(tool="cluster").values_list("path", flat=True))
    assert not [path for path in paths if "/pod/" in path and "worker" in path]
    assert "europe/deployment/shop/shop-worker" in paths


def test_environments_do_not_end_each_others_findings(environment: Environment, harbour: FakeCluster) -> None:
    look(environment)
    standing = Finding.objects.filter(tool="cluster", fixed_at=None).count()
    with FakeCluster() as empty:
        empty.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "asia"}})
        cluster = Cluster.objects.create(name="empty", read_credentials=empty.kubeconfig)
        other = Environment.objects.create(application=environment.application, name="asia", driver="kubernetes")
        other.active_instance = environment.active_instance
        other.save()
        Target.objects.create(environment=other, cluster=cluster, namespace="asia")
        look(other)
    assert Finding.objects.filter(tool="cluster", fixed_at=None).count() >= standing
    assert not Finding.objects.exclude(fixed_at=None).exists()


def test_a_suppressed_one_counts_for_nothing(environment: Environment, harbour: FakeCluster) -> None:
    harbour.put(service("lost"))
    look(environment)
    ada = Actor.person(User.objects.create_user("ada", is_superuser=True))
    findings.suppress(ada, of("lost").pk, "It is for next week.")
    report = look(environment)
    assert state("lost") == "suppressed"
    assert report.suppressed == 1


def test_a_cluster_that_is_away_ends_no_finding(environment: Environment) -> None:
    look(environment)
    held = environment.target.cluster
    Cluster.objects.update(read_credentials=str(held.read_credentials).replace(held.server, "http://127.0.0.1:9"))
    assert live_findings.look(Environment.objects.get(pk=environment.pk)) is None
    assert not Finding.objects.exclude(fixed_at=None).exists()
    assert Target.objects.get(environment=environment).findings_trouble


def test_each_is_looked_at_when_its_turn_comes(environment: Environment) -> None:
    assert (live_findings.look_at_all(), live_findings.look_at_all()) == (1, 0)
    Target.objects.update(findings_looked_at=timezone.now() - timedelta(hours=1))
    assert live_findings.look_at_all() == 1


def test_nobody_sends_reports_in_its_name(environment: Environment) -> None:
    ada = Actor.person(User.objects.create_user("ada", is_superuser=True))
    content = b'{"tool": "cluster", "facts": []}'
    with pytest.raises(Invalid, match="another tool's name"):
        reporting.receive(ada, environment.application, reporting.Sent("generic", "c" * 40, content))
