"""What runs is diagnosed by name, with what was applied at hand; kept, joined, and asked for by incidents themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, Refused
from controlplane.core.models import AuditEntry, OutboxMessage, User
from tests import afloat
from tests.fake_cluster import FakeCluster
from tests.workloads.drivers.kubernetes.conftest import shop  # noqa: F401  the stage on a real cluster
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads import deployments, diagnoses, incidents
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.models import Application, Applied, Cluster, Deployment, Diagnosis, Environment, Snapshot
from workloads.snapshots import taking
from workloads.verdicts import Verdict

SYSTEM = Actor.system("test")
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop-lost", "namespace": "shop"}, "spec": {"ports": []}}
TOKEN = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop-env", "namespace": "shop"}, "data": {"A": "aHVzaA=="}}
NAMESPACE = "alive"


@pytest.fixture
def harbour() -> Iterator[FakeCluster]:
    with afloat.harbour() as made:
        yield made


@pytest.fixture
def environment(db: None, harbour: FakeCluster) -> Environment:
    made = afloat.moor(Application.objects.create(name="shop", repository="/srv/git/shop"), harbour)
    applied: Any = {"background": [SERVICE, TOKEN]}
    Applied.objects.update_or_create(instance=made.active_instance, defaults={"manifests": applied})
    return made


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("diagnose", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_an_environment_is_diagnosed_by_its_name_and_kept(environment: Environment) -> None:
    text = told("--environment", "shop/europe")
    assert text.startswith("FAULT: ")
    row, snapshot = Diagnosis.objects.get(), Snapshot.objects.get()
    assert f"Kept as diagnosis {row.pk} of snapshot {snapshot.pk}: " in text
    assert (row.environment, row.snapshot, row.status, row.verdict) == (environment, snapshot, "done", "fault")
    assert row.hypotheses[0]["evidence"]
    assert AuditEntry.objects.filter(action="diagnosis.make").exists()


def test_what_was_applied_and_is_not_there_is_told_and_no_secret_with_it(environment: Environment) -> None:
    told("--environment", "shop/europe")
    declared = json.loads((taking.path_of(Snapshot.objects.get()) / "declared.json").read_text())["items"]
    assert [f"{one['kind']}/{one['metadata']['name']}" for one in declared] == ["Secret/shop-env", "Service/shop-lost"]
    assert "aHVzaA==" not in json.dumps(declared)


def test_a_cluster_or_a_namespace_of_it_is_diagnosed_too(environment: Environment) -> None:
    found = json.loads(told("--cluster", "harbour", "--namespace", "shop", "--json"))
    assert found["verdict"] == "fault"
    assert Path(found["folder"]).is_dir()
    assert Diagnosis.objects.get(pk=found["diagnosis"]).environment is None
    assert json.loads(told("--cluster", "harbour", "--json"))["verdict"] == "fault"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Name a folder, or --environment"),
        (("here", "--environment", "shop/europe"), "only one of them"),
        (("--environment", "europe"), "Write it as APPLICATION/NAME"),
        (("--environment", "shop/asia"), "There is no environment shop/asia"),
        (("--environment", "shop/europe", "--namespace", "x"), "Name the cluster with --cluster"),
        (("--cluster", "port"), "There is no cluster port"),
    ],
)
def test_what_cannot_be_looked_at_is_told_with_its_cure(environment: Environment, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        told(*arguments)


def test_an_environment_on_no_cluster_is_refused(environment: Environment) -> None:
    local = Environment.objects.create(application=environment.application, name="local")
    with pytest.raises(Invalid, match="runs on no cluster"):
        diagnoses.ask(SYSTEM, local)


def test_one_that_waits_is_joined_and_made_once(environment: Environment) -> None:
    first, second = diagnoses.ask(SYSTEM, environment), diagnoses.ask(SYSTEM, environment)
    assert first.pk == second.pk
    assert OutboxMessage.objects.filter(name="workloads.diagnose").count() == 1
    assert diagnoses.make_waiting() == 1
    assert diagnoses.make(first.pk) is False
    first.refresh_from_db()
    assert (first.status, first.verdict, first.snapshot_id) == ("done", "fault", Snapshot.objects.get().pk)
    assert diagnoses.ask(SYSTEM, environment).pk != first.pk


def test_whoever_may_not_run_things_there_may_not_ask(environment: Environment) -> None:
    with pytest.raises(Refused):
        diagnoses.ask(Actor.person(User.objects.create_user("mallory")), environment)
    assert not Diagnosis.objects.exists()


def test_a_cluster_that_is_away_is_the_trouble_of_the_diagnosis(environment: Environment) -> None:
    held = environment.target.cluster
    Cluster.objects.update(read_credentials=str(held.read_credentials).replace(held.server, "http://127.0.0.1:9"))
    asked = diagnoses.ask(SYSTEM, environment)
    diagnoses.make_waiting()
    asked.refresh_from_db()
    assert (asked.status, asked.verdict) == ("failed", "")
    assert asked.trouble
    assert not Snapshot.objects.exists()


def test_one_that_a_lost_worker_began_is_given_up(environment: Environment) -> None:
    asked = diagnoses.ask(SYSTEM, environment)
    Diagnosis.objects.filter(pk=asked.pk).update(status="working", begun_at=timezone.now() - timedelta(hours=1))
    diagnoses.make_waiting()
    asked.refresh_from_db()
    assert asked.status == "failed"
    assert "was lost" in asked.trouble


def test_an_incident_is_diagnosed_once(environment: Environment) -> None:
    found = incidents.open_for_alert(SYSTEM, environment, "Slow@alerts", "It is slow", {})
    first, second = diagnoses.ask_for_incident(found.pk), diagnoses.ask_for_incident(found.pk)
    assert first is not None and first == second
    diagnoses.make_waiting()
    first.refresh_from_db()
    assert first.incident == found
    assert first.snapshot is not None and first.snapshot.symptom == "It is slow"


def test_a_deployment_that_fails_asks_by_itself(environment: Environment) -> None:
    deployment = Deployment.objects.filter(environment=environment).first()
    assert deployment is not None
    Deployment.objects.filter(pk=deployment.pk).update(status="verifying")
    deployments.mark_failed(SYSTEM, deployment, Verdict.FAILED)
    assert OutboxMessage.objects.get(name="workloads.diagnose_deployment").arguments == [deployment.pk]
    asked = diagnoses.ask_for_deployment(deployment.pk)
    assert asked is not None and asked.status == "waiting"


def test_an_incident_elsewhere_cannot_be_diagnosed(environment: Environment) -> None:
    local = Environment.objects.create(application=environment.application, name="local")
    found = incidents.open_for_alert(SYSTEM, local, "Slow@alerts", "It is slow", {})
    assert diagnoses.ask_for_incident(found.pk) is None


@pytest.mark.cluster
def test_a_deleted_service_on_a_real_cluster_is_named_from_what_was_applied(shop: ClusterStage) -> None:  # noqa: F811
    shop.deploy(shop.release("v1"))
    row, _ = diagnoses.live_one(SYSTEM, taking.scope_of(shop.environment))
    assert row.snapshot is not None
    declared = json.loads((taking.path_of(row.snapshot) / "declared.json").read_text())["items"]
    assert declared == [], [f"{one['kind']}/{one['metadata']['name']}" for one in declared]
    shop.kube.delete(kind_named("Service"), "shop", shop.namespace)
    row, _ = diagnoses.live_one(SYSTEM, taking.scope_of(shop.environment))
    assert row.snapshot is not None
    declared = json.loads((taking.path_of(row.snapshot) / "declared.json").read_text())["items"]
    assert [f"{one['kind']}/{one['metadata']['name']}" for one in declared] == ["Service/shop"]


@pytest.mark.cluster
def test_a_selector_that_somebody_changed_on_a_real_cluster_is_the_fault(shop: ClusterStage) -> None:  # noqa: F811
    shop.deploy(shop.release("v1"))
    service = shop.live("Service", "shop")
    assert service is not None
    shop.kube.delete(kind_named("Service"), "shop", shop.namespace)
    metadata = {"name": "shop", "namespace": shop.namespace}
    spec = {"selector": {"app": "another"}, "ports": service["spec"]["ports"]}
    shop.kube.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    row, found = diagnoses.live_one(SYSTEM, taking.scope_of(shop.environment))
    assert row.verdict == "fault"
    assert (found.hypotheses[0].object, found.hypotheses[0].fault) == ("app/shop-web", "service_selector_mismatch")
    assert any(proof.source == "declared" for proof in found.hypotheses[0].evidence)
