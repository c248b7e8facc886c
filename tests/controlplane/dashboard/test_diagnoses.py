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
from tests.workloads.stage import quiet
from workloads import changes, diagnoses, incidents, mending
from workloads.models import Change, Diagnosis, Environment, GitOpsRepository, Target
from workloads.offers import Offer

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
    assert first["object"] in words.replace("/ ", "/")
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


def diagnosed(environment: Environment) -> tuple[Diagnosis, Offer]:
    """A diagnosis with a remedy for the worker that is killed for its memory."""
    diagnoses.ask(SYSTEM, environment)
    diagnoses.make_waiting()
    found = Diagnosis.objects.get()
    offer = next(one for one in mending.offered(SYSTEM, found, foresee=False) if one.kind == "set_resources")
    return found, offer


def test_a_remedy_is_proposed_where_it_stands_and_leads_to_its_change(environment: Environment, as_: SignIn) -> None:
    found, offer = diagnosed(environment)
    address = f"/environments/{environment.pk}/diagnosis/"
    words = text_of(as_("ada").get(address).content.decode())
    assert "Propose: Set resources" in words and offer.summary in words and "medium risk" in words
    assert "Propose:" not in text_of(as_("bob").get(address).content.decode())
    form = {"number": found.pk, "offer": offer.key, "key": "k"}
    assert as_("bob").post(f"{address}propose/", form).status_code == 403
    answer = as_("ada").post(f"{address}propose/", form)
    change = Change.objects.get(actions__kind="repair")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/changes/{change.pk}/")
    page = text_of(as_("ada").get(f"/changes/{change.pk}/").content.decode())
    assert "memory: 512Mi" in page and "Set resources" in page and "can be undone by a change of its own" in page
    assert as_("ada").post(f"{address}propose/", form).headers["Location"] == f"/changes/{change.pk}/", "asked twice, the same one"
    assert as_("ada").post(f"{address}propose/", {**form, "offer": "x"}).status_code == 404


def test_why_it_cannot_be_proposed_stands_where_it_was_asked(
    environment: Environment, harbour: FakeCluster, as_: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, offer = diagnosed(environment)
    monkeypatch.setattr(harbour, "denied", {"patch deployments"})
    form = {"number": found.pk, "offer": offer.key, "key": "k"}
    address = f"/environments/{environment.pk}/diagnosis/propose/"
    answer = as_("ada").post(address, form, headers={"HX-Request": "true"})
    words = text_of(answer.content.decode())
    assert answer.status_code == 403 and f"offer-{offer.key}" in answer.content.decode()
    assert "the identity that writes may not patch deployments.apps" in words and "--also repairs" in words


def test_where_a_repository_says_what_runs_a_pull_request_can_be_asked_for(
    environment: Environment, harbour: FakeCluster, as_: SignIn
) -> None:
    found, offer = diagnosed(environment)
    address = f"/environments/{environment.pk}/diagnosis/"
    assert "pull request" not in text_of(as_("ada").get(address).content.decode())
    target = Target.objects.get(environment=environment)
    Target.objects.filter(pk=target.pk).update(mode="commit")
    told = {"forge": "github", "forge_repository": "team/deploy", "token": "t", "object_name": "shop", "path": "shop"}
    GitOpsRepository.objects.create(target=target, repository="https://git.example.org/deploy.git", **told)
    assert "Open a pull request instead" in text_of(as_("ada").get(address).content.decode())
    form = {"number": found.pk, "offer": offer.key, "key": "k", "by": "pull_request"}
    answer = as_("ada").post(f"{address}propose/", form, headers={"HX-Request": "true"})
    assert "There is no Application shop in argocd" in text_of(answer.content.decode()), "refused by who would open it"


def test_an_applied_repair_says_whether_it_helped_and_can_be_undone(scene: Scene, as_: SignIn) -> None:
    with afloat.harbour() as cluster:
        environment = afloat.moor(scene.environments["storefront/production"].application, cluster)
        _, offer = diagnosed(environment)
        assert offer.repair is not None
        change = mending.propose(SYSTEM, environment, offer.repair, idempotency_key="k")
        Change.objects.filter(pk=change.pk).update(status="approved", policy_approves=True)
        change.approvals.create(decided_by="policy", decision="approve", preview_sha256=change.preview_sha256)
        assert changes.apply(change.pk, key="k", fence=1, say=quiet).switched
        address = f"/changes/{change.pk}/"
        assert "Looking whether what was broken holds again." in text_of(as_("ada").get(address).content.decode())
        mending.verify(SYSTEM, change, say=quiet, seconds=0.1)
        words = text_of(as_("ada").get(address).content.decode())
        assert "inconclusive" in words and "What the cluster showed" in words and "Propose to undo this repair" in words
        assert "Propose to undo" not in text_of(as_("bob").get(address).content.decode())
        there = as_("ada").post(f"{address}undo/", {"key": "u"}).headers["Location"]
        back = Change.objects.latest("pk")
        assert there == f"/changes/{back.pk}/" and "memory: 256Mi" in text_of(as_("ada").get(there).content.decode())
        assert "To be taken back by" in text_of(as_("ada").get(address).content.decode())
        drift = text_of(as_("ada").get(f"/environments/{environment.pk}/").content.decode())
        assert "Changed by approved repairs" in drift and f"Change {change.pk}" in drift
