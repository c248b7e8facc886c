"""The pages of clusters, and their form in the administration."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry
from tests.controlplane.dashboard.conftest import SignIn
from tests.fake_cluster import FakeCluster
from tests.journeys.scene import Scene
from workloads import clusters
from workloads.models import Cluster, Environment, Target

TERMINAL = Actor.system("terminal (somebody)")
pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Iterator[FakeCluster]:
    with FakeCluster() as made:
        clusters.connect(TERMINAL, "lab", "kubeconfig", read=made.kubeconfig)
        yield made


def test_the_list_and_the_page_say_how_it_stands(scene: Scene, as_: SignIn, lab: FakeCluster) -> None:
    ada = as_("ada")
    assert "never asked" in ada.get("/clusters/").content.decode()
    lab.denied.add("patch deployments")
    answer = ada.post("/clusters/lab/check/")
    assert (answer.status_code, answer["Location"]) == (303, "/clusters/lab/")
    page = ada.get("/clusters/lab/").content.decode()
    for said in ("v1.35.0", "rights are missing", "deployments.apps", "nothing can be rolled out"):
        assert said in page
    assert "anything" not in page


def test_why_it_does_not_answer_stands_on_its_page(scene: Scene, as_: SignIn, lab: FakeCluster) -> None:
    lab.tokens.add("another")
    as_("ada").post("/clusters/lab/check/")
    page = as_("ada").get("/clusters/lab/").content.decode()
    assert "does not answer" in page
    assert "connect the cluster again" in page


def test_manifests_are_downloaded_for_its_namespaces_or_for_all(scene: Scene, as_: SignIn, lab: FakeCluster) -> None:
    environment = Environment.objects.filter(target=None).first()
    assert environment is not None
    Target.objects.create(environment=environment, cluster=Cluster.objects.get(name="lab"), namespace="shop")
    answer = as_("ada").get("/clusters/lab/rights-write.yaml")
    kinds = [item["kind"] for item in yaml.safe_load_all(answer.content)]
    assert {"ServiceAccount", "Role", "RoleBinding"} <= set(kinds)
    assert "timonel-lab-write.yaml" in answer["Content-Disposition"]
    everywhere = as_("ada").get("/clusters/lab/rights-read.yaml?where=everywhere")
    assert "Role" not in [item["kind"] for item in yaml.safe_load_all(everywhere.content)]
    assert as_("ada").get("/clusters/lab/rights-both.yaml").status_code == 404


def test_the_list_asks_as_often_for_ten_rows_as_for_one(scene: Scene, as_: SignIn, lab: FakeCluster) -> None:
    ada = as_("ada")
    ada.get("/clusters/")
    with CaptureQueriesContext(connection) as one:
        ada.get("/clusters/")
    for number in range(10):
        clusters.connect(TERMINAL, f"lab-{number}", "kubeconfig", read=lab.kubeconfig)
    with CaptureQueriesContext(connection) as ten:
        ada.get("/clusters/")
    assert len(ten) == len(one)


def test_a_kubeconfig_goes_in_and_is_never_shown(scene: Scene, as_: SignIn, lab: FakeCluster) -> None:
    ada = as_("ada")
    text = lab.kubeconfig.replace("anything", "very-secret-token")
    form = {"name": "given", "kind": "kubeconfig", "read_kubeconfig": text, "write_kubeconfig": ""}
    assert ada.post("/admin/workloads/cluster/add/", form).status_code == 302
    made = Cluster.objects.get(name="given")
    assert made.read_credentials == text
    assert made.server == lab.url
    assert "very-secret-token" not in ada.get(f"/admin/workloads/cluster/{made.pk}/change/").content.decode()
    assert "very-secret-token" not in str(AuditEntry.objects.filter(action__startswith="cluster").values_list("after", flat=True))


def test_a_kubeconfig_that_starts_a_program_is_refused_by_the_form(scene: Scene, as_: SignIn) -> None:
    text = FakeCluster().kubeconfig.replace('"token": "anything"', '"exec": {"command": "touch"}')
    form = {"name": "starts", "kind": "kubeconfig", "read_kubeconfig": text, "write_kubeconfig": ""}
    page = as_("ada").post("/admin/workloads/cluster/add/", form).content.decode()
    assert "starts a program" in page
    assert not Cluster.objects.filter(name="starts").exists()


def test_the_api_shows_rights_and_tests_the_connection(scene: Scene, as_: SignIn, lab: FakeCluster) -> None:
    ada = as_("ada")
    told = ada.post("/api/v1/clusters/lab/check").json()
    assert told["version"] == "v1.35.0"
    assert {row["state"] for row in told["rights"]} <= {"granted", "not_installed"}
    assert "lab" in {row["name"] for row in ada.get("/api/v1/clusters").json()["results"]}
    assert "credentials" not in str(ada.get("/api/v1/clusters/lab").json())
