"""An environment on a cluster: at once from the database, then the cluster's own word, its pods, their logs together, drift."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import afloat
from tests.controlplane.dashboard.conftest import SignIn
from tests.controlplane.dashboard.test_pages import text_of
from tests.fake_cluster import FakeCluster
from tests.journeys.scene import Scene
from workloads import pictures
from workloads.models import Change, Cluster, Drift, Environment, Target, Variable

HX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def harbour() -> Iterator[FakeCluster]:
    with afloat.harbour() as made:
        yield made


@pytest.fixture
def environment(scene: Scene, harbour: FakeCluster) -> Environment:
    return afloat.moor(scene.environments["storefront/production"].application, harbour)


def test_the_page_itself_asks_no_cluster(environment: Environment, harbour: FakeCluster, as_: SignIn) -> None:
    before = len(harbour.requests)
    page = as_("ada").get(f"/environments/{environment.pk}/").content.decode()
    words = text_of(page)
    assert "harbour / shop canary Timonel applies" in words
    assert "v1 blue has the traffic" in words
    assert "v2 green being given the traffic" in words
    assert f'hx-get="/environments/{environment.pk}/cluster/"' in page
    assert "http://testserver" not in page
    assert len(harbour.requests) == before


def test_what_runs_is_told_with_its_usage_traffic_and_trouble(environment: Environment, as_: SignIn) -> None:
    words = text_of(as_("ada").get(f"/environments/{environment.pk}/cluster/", headers=HX).content.decode())
    assert "v1 blue 75 %" in words
    assert "v2 green 25 % of the traffic" in words
    assert "shop-web-blue Deployment team/shop@sha256:ab12ab12ab12 v1 blue ready 3 / 3 0 280m / 300m" in words
    assert "shop-worker-7d9c-p2x9d back-off 5m0s restarting failed container=worker v1 OOMKilled 7" in words
    assert "Ingress/shop-legacy / → shop-gone: there is no such service" in words
    assert "BackOff Pod/shop-worker-7d9c-p2x9d 4 times" in words
    assert "shop-migrate-1a2b migrations v2" in words


def test_bars_are_drawn_in_every_language(environment: Environment, as_: SignIn) -> None:
    client, address = as_("ada"), f"/environments/{environment.pk}/cluster/"
    client.cookies["django_language"] = "es"
    page = client.get(address, headers={**HX, "Accept-Language": "es"}).content.decode()
    assert "del tráfico" in page
    assert '<rect class="part-2" x="75.0" y="0" width="25.0" height="8" />' in page


def test_a_picture_asks_the_database_few_things_however_many_pods_there_are(
    environment: Environment, harbour: FakeCluster, as_: SignIn
) -> None:
    client, address = as_("ada"), f"/environments/{environment.pk}/cluster/"
    client.get(address, headers=HX)
    few = asked(client, address)
    labels = afloat.marks("web", name="blue")
    names = [f"shop-web-blue-7d9c-many{n}" for n in range(80)]
    with harbour.store.changed:
        for name in names:
            harbour.put(afloat.pod(name, "shop-web-blue-7d9c", labels))
    until(lambda: "83 ready" in text_of(client.get(address, headers=HX).content.decode()))
    many = asked(client, address)
    assert len(many) == len(few) <= 12, many
    page = client.get(address, headers=HX).content.decode()
    assert page.count('id="pod-') == 50
    assert "35 more pods" in text_of(page)
    assert "OOMKilled" in page.split('id="pod-')[1]  # those in trouble first
    with harbour.store.changed:
        for name in names:
            harbour.store.remove(("v1", "pods", afloat.NAMESPACE, name))
    until(lambda: "83 ready" not in text_of(client.get(address, headers=HX).content.decode()))


def test_one_pod_has_its_own_page(environment: Environment, as_: SignIn) -> None:
    address = f"/environments/{environment.pk}/pods"
    words = text_of(as_("ada").get(f"{address}/shop-worker-7d9c-p2x9d/").content.decode())
    assert "OOMKilled, exit code 137" in words
    assert "Log before the last restart" in words
    assert "Back-off restarting failed container worker" in words
    gone = as_("ada").get(f"{address}/shop-web-long-gone/")
    assert "There is no such pod any more" in gone.content.decode()
    assert as_("mallory").get(f"{address}/shop-worker-7d9c-p2x9d/").status_code == 404


def test_logs_of_all_pods_come_in_the_order_of_time_and_go_on_from_a_place(
    environment: Environment, harbour: FakeCluster, as_: SignIn
) -> None:
    client, address = as_("ada"), f"/environments/{environment.pk}/pod-logs"
    page = client.get(f"{address}/").content.decode()
    assert page.count('class="pod pod-') == 81
    first = client.get(f"{address}/lines/?workload=Deployment/shop-web-blue").json()
    assert len(first["lines"]) == 60
    assert {line["short"] for line in first["lines"]} == {"web-blue 4kq2x", "web-blue 9vh7m", "web-blue tt5rz"}
    assert first["lines"][-1]["text"].startswith("info get /orders/19")
    assert [line["level"] for line in first["lines"] if "orders/8 " in line["text"]] == ["error"] * 3
    again = client.get(f"{address}/lines/", {"workload": "Deployment/shop-web-blue", "after": first["cursor"]}).json()
    assert again["lines"] == []
    harbour.logs[afloat.NAMESPACE, "shop-web-blue-7d9c-tt5rz", "web", False].append(f"{afloat.stamp(seconds=-1)} one more")
    news = client.get(f"{address}/lines/", {"workload": "Deployment/shop-web-blue", "after": again["cursor"]}).json()
    assert [(line["short"], line["text"]) for line in news["lines"]] == [("web-blue tt5rz", "one more")]


def test_logs_show_no_secret_of_the_environment_and_none_that_looks_like_one(environment: Environment, as_: SignIn) -> None:
    Variable.objects.create(environment=environment, name="ORDERS", value="2 million orders")
    address = f"/environments/{environment.pk}/pod-logs/?pod=shop-worker-7d9c-p2x9d&previous=yes"
    page = as_("ada").get(address).content.decode()
    assert "loading [redacted]" in page
    assert "hunter2" not in page
    assert "2 million" not in page


@pytest.mark.parametrize("after", ["nonsense", "bnVsbA==", "eyJhIjoxfQ=="])
def test_a_place_that_is_none_is_refused_in_words(after: str, environment: Environment, as_: SignIn) -> None:
    found = as_("ada").get(f"/environments/{environment.pk}/pod-logs/lines/", {"after": after})
    assert "This is no place in a log" in found.json()["trouble"]


def test_a_cluster_that_is_away_shows_the_last_picture_with_its_age(environment: Environment, as_: SignIn) -> None:
    client, address = as_("ada"), f"/environments/{environment.pk}/cluster/"
    target = Target.objects.get(environment=environment)
    pictures._kept_at.clear()
    seen = pictures.look(environment, target)
    assert seen.fresh
    Cluster.objects.filter(pk=target.cluster_id).update(read_credentials=elsewhere(target))
    began = time.monotonic()
    words = text_of(client.get(address, headers=HX).content.decode())
    assert time.monotonic() - began < 4
    assert "The cluster does not answer. This is how things were" in words
    assert "shop-web-blue" in words
    cache.clear()
    words = text_of(client.get(address, headers=HX).content.decode())
    assert "nothing was seen of it yet" in words
    assert "test the connection on the cluster's page" in words.lower().replace("&#x27;", "'")


def test_what_may_not_be_seen_is_named(environment: Environment, harbour: FakeCluster) -> None:
    harbour.denied.add("list ingresses")
    target = Target.objects.select_related("cluster").get(environment=environment)
    target.cluster.read_credentials = harbour.kubeconfig.replace("anything", "another")
    seen = pictures.look(environment, target)
    harbour.denied.clear()
    assert seen.picture is not None
    assert seen.picture.unseen == ("Ingress",)
    assert seen.fresh


def test_drift_is_shown_with_who_did_it_and_mending_it_is_proposed(environment: Environment, as_: SignIn) -> None:
    client = as_("alice")
    page = client.get(f"/environments/{environment.pk}/").content.decode()
    words = text_of(page)
    assert "1 object is no longer as it was applied" in words
    assert "Deployment/shop-web-blue changed by kubectl-edit" in words
    assert "mended Deployment/shop-web-blue" in words
    answer = client.post(f"/environments/{environment.pk}/mend/")
    change = Change.objects.latest("pk")
    assert (answer.status_code, answer["Location"]) == (303, f"/changes/{change.pk}/")
    assert Drift.objects.get(status="standing").change == change
    assert "Look at the change that mends it" in client.get(f"/environments/{environment.pk}/").content.decode()
    assert as_("mallory").post(f"/environments/{environment.pk}/mend/").status_code == 404


def test_an_environment_on_no_cluster_has_no_such_pages(scene: Scene, as_: SignIn) -> None:
    production = scene.environments["storefront/production"]
    for place in ("cluster/", "pods/x/", "pod-logs/", "pod-logs/lines/"):
        assert as_("ada").get(f"/environments/{production.pk}/{place}").status_code == 404


def elsewhere(target: Target) -> str:
    """Credentials for an address where nobody listens."""
    return str(target.cluster.read_credentials).replace(str(target.cluster.server), "http://127.0.0.1:9")


def until(done: object) -> None:
    end = time.monotonic() + 90  # a watch begins anew every 20 s
    while not done():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.1)


def asked(client: object, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as found:
        assert client.get(address, headers=HX).status_code == 200  # type: ignore[attr-defined]
    return [query["sql"] for query in found.captured_queries]
