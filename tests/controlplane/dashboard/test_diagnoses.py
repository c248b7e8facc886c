"""The page of a diagnosis: what is wrong, why, how sure, what would mend it, what was not seen; asking for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from controlplane.core.actors import Actor
from tests import afloat
from tests.controlplane.dashboard.conftest import SignIn
from tests.controlplane.dashboard.test_pages import text_of
from tests.fake_cluster import FakeCluster
from tests.journeys.scene import Scene
from workloads import diagnoses, incidents
from workloads.models import Diagnosis, Environment

SYSTEM = Actor.system("test")


@pytest.fixture(scope="module")
def harbour() -> Iterator[FakeCluster]:
    with afloat.harbour() as made:
        yield made


@pytest.fixture
def environment(scene: Scene, harbour: FakeCluster) -> Environment:
    return afloat.moor(scene.environments["storefront/production"].application, harbour)


def test_before_anybody_asked_it_says_what_it_would_do(environment: Environment, as_: SignIn) -> None:
    words = text_of(as_("ada").get(f"/environments/{environment.pk}/diagnosis/").content.decode())
    assert "Nobody has asked yet" in words
    assert "Diagnose now" in words


def test_asking_leads_back_and_the_answer_appears(environment: Environment, as_: SignIn) -> None:
    client, address = as_("ada"), f"/environments/{environment.pk}/diagnosis/"
    assert client.post(f"{address}ask/").headers["Location"] == address
    assert "about to begin" in text_of(client.get(address).content.decode())
    diagnoses.make_waiting()
    found = Diagnosis.objects.get()
    words = text_of(client.get(address).content.decode())
    first = found.hypotheses[0]
    assert first["summary"] in words
    assert first["object"] in words
    assert f"{first['confidence']:.0%}".replace("%", " % sure") in words
    assert "Evidence" in words and "What would mend it" in words
    assert "What was not seen, and so not judged" in words
    assert found.summary in text_of(client.get(f"/environments/{environment.pk}/").content.decode())


def test_who_only_looks_sees_it_and_cannot_ask(environment: Environment, as_: SignIn) -> None:
    diagnoses.ask(SYSTEM, environment)
    diagnoses.make_waiting()
    address = f"/environments/{environment.pk}/diagnosis/"
    words = text_of(as_("bob").get(address).content.decode())
    assert "Diagnoses here" in words and "Diagnose now" not in words
    assert as_("bob").post(f"{address}ask/").status_code == 403
    assert as_("mallory").get(address).status_code == 404


def test_an_earlier_one_is_shown_by_its_number_and_none_of_elsewhere(environment: Environment, as_: SignIn) -> None:
    asked = {"environment": environment, "asked_by": "bob", "asked_at": timezone.now(), "finished_at": timezone.now()}
    first = Diagnosis.objects.create(status="done", verdict="healthy", summary="All is well.", **asked)
    Diagnosis.objects.create(status="failed", trouble="The cluster did not answer.", **asked)
    client, address = as_("ada"), f"/environments/{environment.pk}/diagnosis/"
    assert "The cluster did not answer." in text_of(client.get(address).content.decode())
    assert "The newest one" in text_of(client.get(f"{address}?number={first.pk}").content.decode())
    assert client.get(f"{address}?number=999999").status_code == 404
    assert client.get(f"{address}?number=x").status_code == 404


def test_hostile_texts_are_quoted_not_obeyed(environment: Environment, as_: SignIn) -> None:
    nasty = "<script>alert(1)</script>"
    proof = {"source": nasty, "where": nasty, "text": nasty, "at": nasty}
    hypothesis = {"object": nasty, "fault": nasty, "summary": nasty, "confidence": 0.9, "evidence": [proof], "remedies": []}
    asked = {"environment": environment, "asked_by": nasty, "asked_at": timezone.now(), "finished_at": timezone.now()}
    Diagnosis.objects.create(status="done", verdict="fault", summary=nasty, hypotheses=[hypothesis], missing=["logs"], **asked)
    assert nasty not in as_("ada").get(f"/environments/{environment.pk}/diagnosis/").content.decode()


def test_an_incident_leads_to_its_diagnosis(environment: Environment, as_: SignIn) -> None:
    incident = incidents.open_for_alert(SYSTEM, environment, "Slow@alerts", "It is slow", {})
    client, address = as_("ada"), f"/incidents/{incident.pk}/"
    assert "What is wrong, and why" not in text_of(client.get(address).content.decode())
    asked = diagnoses.ask_for_incident(incident.pk)
    diagnoses.make_waiting()
    assert asked is not None
    other = incidents.open_for_alert(SYSTEM, environment, "Errors@alerts", "It fails", {})
    assert "What is wrong, and why" not in text_of(client.get(f"/incidents/{other.pk}/").content.decode())
    page = client.get(address).content.decode()
    assert f"/environments/{environment.pk}/diagnosis/?number={asked.pk}" in page
    assert "What is wrong, and why" in text_of(page)


def test_incidents_that_come_at_once_share_one_diagnosis(environment: Environment, as_: SignIn) -> None:
    found = [incidents.open_for_alert(SYSTEM, environment, f"{name}@alerts", name, {}) for name in ("Slow", "Errors")]
    assert len({diagnoses.ask_for_incident(one.pk) for one in found}) == 1
    diagnoses.make_waiting()
    for one in found:
        assert "What is wrong, and why" in text_of(as_("ada").get(f"/incidents/{one.pk}/").content.decode())
