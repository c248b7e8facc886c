"""What stands on a cluster, by the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests import afloat
from tests.fake_cluster import FakeCluster
from workloads import diagnoses
from workloads.models import Application, Change, Cluster, Diagnosis, Environment

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def harbour() -> Iterator[FakeCluster]:
    with afloat.harbour() as made:
        yield made


@pytest.fixture
def environment(harbour: FakeCluster) -> Environment:
    cache.clear()
    return afloat.moor(Application.objects.create(name="shop", repository="/srv/git/shop"), harbour)


@pytest.fixture
def client() -> Client:
    made = Client()
    made.force_login(User.objects.create_user("ada", is_superuser=True))
    return made


def test_the_whole_picture_comes_as_json(environment: Environment, client: Client) -> None:
    found = client.get(f"/api/v1/environments/{environment.pk}/workloads").json()
    assert (found["cluster"], found["namespace"], found["fresh"], found["measured"]) == ("harbour", "shop", True, True)
    assert [(one["release"], one["percent"]) for one in found["traffic"]] == [("v1", 75.0), ("v2", 25.0)]
    workloads = {one["name"]: one for one in found["workloads"]}
    assert (workloads["shop-web-blue"]["ready"], workloads["shop-web-blue"]["state"]) == (3, "ready")
    worker = workloads["shop-worker"]["pods"][0]
    assert (worker["state"], worker["reason"], worker["containers"][0]["last"]["exit_code"]) == ("failing", "OOMKilled", 137)
    assert workloads["shop-web-blue"]["cpu"] == {"used": pytest.approx(0.28), "requested": pytest.approx(0.3), "limit": None}
    assert {one["name"]: one["state"] for one in found["services"]}["shop-old-api"] == "broken"
    assert found["warnings"][0]["about"] == "Pod/shop-worker-7d9c-p2x9d"


def test_a_cluster_that_was_never_seen_and_is_away_is_an_error_of_the_outside(environment: Environment, client: Client) -> None:
    held = environment.target.cluster
    Cluster.objects.update(read_credentials=str(held.read_credentials).replace(held.server, "http://127.0.0.1:9"))
    answer = client.get(f"/api/v1/environments/{environment.pk}/workloads")
    assert answer.status_code == 502
    assert answer.json()["code"] == "outside"


def test_an_environment_on_no_cluster_has_no_workloads(client: Client) -> None:
    application = Application.objects.create(name="shop", repository="/srv/git/shop")
    plain = Environment.objects.create(application=application, name="local", tier="local", port=8101)
    for number in (plain.pk, plain.pk + 1):
        assert client.get(f"/api/v1/environments/{number}/workloads").status_code == 404


def test_a_diagnosis_is_asked_for_and_read(environment: Environment, client: Client) -> None:
    address = f"/api/v1/environments/{environment.pk}/diagnoses"
    asked = client.post(address)
    assert (asked.status_code, asked.json()["status"], asked.json()["verdict"]) == (202, "waiting", "")
    assert client.post(address).json()["id"] == asked.json()["id"]
    diagnoses.make_waiting()
    found = client.get(address).json()["results"][0]
    assert (found["id"], found["status"], found["verdict"]) == (asked.json()["id"], "done", "fault")
    assert found["hypotheses"][0]["evidence"][0]["text"]


def test_a_remedy_is_listed_proposed_once_and_is_no_undo_before_it_is_applied(environment: Environment, client: Client) -> None:
    client.post(f"/api/v1/environments/{environment.pk}/diagnoses")
    diagnoses.make_waiting()
    address = f"/api/v1/diagnoses/{Diagnosis.objects.get().pk}/offers"
    offer = next(one for one in client.get(address).json() if one["kind"] == "set_resources")
    assert (offer["hypothesis"], offer["risk"], offer["reversible"], offer["why_not"]) == (0, "medium", True, "")
    assert offer["object"] == "Deployment/shop-worker"
    there, key = f"{address}/{offer['key']}/propose", {"Idempotency-Key": "k"}
    refused = client.post(there, {"pull_request": True}, content_type="application/json")
    assert refused.status_code == 403 and "is in no repository" in refused.json()["title"]
    made = client.post(there, content_type="application/json", headers=key)
    assert (made.status_code, made.json()["change"]["status"]) == (201, "waiting")
    assert "memory: 512Mi" in made.json()["preview"]["actions"][0]["world"]["differences"][0]["diff"]
    again = client.post(there, content_type="application/json", headers=key)
    assert again.json()["change"]["id"] == made.json()["change"]["id"]
    assert client.post(f"{address}/nothing/propose", content_type="application/json").status_code == 404
    assert client.post(f"/api/v1/changes/{made.json()['change']['id']}/undo").status_code == 403


def test_the_terminal_lists_remedies_with_their_preview_and_proposes_one(environment: Environment) -> None:
    diagnoses.ask(Actor.system("test"), environment)
    with pytest.raises(CommandError, match="never diagnosed"):
        call_command("repair", "shop/europe")
    diagnoses.make_waiting()
    said = StringIO()
    call_command("repair", "shop/europe", "--json", stdout=said)
    offer = next(one for one in json.loads(said.getvalue())["offers"] if one["kind"] == "set_resources")
    shown = StringIO()
    call_command("repair", "shop/europe", stdout=shown)
    assert offer["key"] in shown.getvalue() and "+            memory: 512Mi" in shown.getvalue()
    call_command("repair", "shop/europe", "--propose", offer["key"], stdout=(proposed := StringIO()))
    assert f"Change {Change.objects.get().pk}: " in proposed.getvalue() and "Waiting for approval" in proposed.getvalue()
    with pytest.raises(CommandError, match="Nothing was repaired"):
        call_command("repair", "--undo", str(Change.objects.get().pk))
    with pytest.raises(CommandError, match="Say where"):
        call_command("repair")
