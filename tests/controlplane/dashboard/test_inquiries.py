"""Ask: the page of a question, beside the engine's result; who may ask, and what is never rendered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from agents import inquiries
from agents.investigating import beginning
from agents.llm import endpoints
from agents.models import Inquiry, ModelEndpoint, Reading
from controlplane.core.actors import Actor
from tests import afloat
from tests.controlplane.dashboard.conftest import SignIn
from tests.controlplane.dashboard.test_pages import text_of
from tests.fake_cluster import FakeCluster
from tests.journeys.scene import Scene
from workloads import incidents
from workloads.models import Diagnosis, Environment

SYSTEM = Actor.system("test")
NASTY = '<script>alert(1)</script> ![x](http://evil.example/?q=1) <img src="http://evil.example/p.png"> http://evil.example/leak'


@pytest.fixture(scope="module")
def harbour() -> Iterator[FakeCluster]:
    with afloat.harbour() as made:
        yield made


@pytest.fixture
def environment(scene: Scene, harbour: FakeCluster) -> Environment:
    return afloat.moor(scene.environments["storefront/production"].application, harbour)


def answered(environment: Environment, *, text: str = "The worker needs more memory.", **more: Any) -> Inquiry:
    """A question with an answer of a model."""
    inquiry = inquiries.ask(SYSTEM, environment, "What is wrong?", key=f"k-{text}-{more}")
    now = timezone.now()
    found = {"environment": environment, "asked_by": "bob", "asked_at": now, "finished_at": now, "status": "done"}
    hypothesis = {"object": "Deployment/shop-worker", "fault": "memory_limit", "summary": "Too little memory.", "confidence": 0.9}
    diagnosis = Diagnosis.objects.create(verdict="fault", summary="It lacks memory.", hypotheses=[hypothesis], **found)
    piece = {"id": "log-aaaaaa", "source": "log", "where": "shop-worker/worker", "text": f"Killed {text}", "at": "", "number": 0}
    given = {"text": text, "model": "scripted-1", "finished_at": now, "facts": [{"id": "log-aaaaaa", "title": "x", "place": "#x"}]}
    Reading.objects.filter(pk=inquiry.reading_id).update(status="written", **given)
    values = {"diagnosis": diagnosis, "evidence": [piece], "claims": [{"text": text, "evidence": ["log-aaaaaa"]}], **more}
    Inquiry.objects.filter(pk=inquiry.pk).update(**values)
    return inquiry


def _without_a_model(inquiry: Inquiry) -> None:
    """What its worker leaves behind where no model is connected."""
    begun = beginning.begin(inquiry)
    kept = begun.sight.ledger.kept(begun.sight.ledger.pieces)
    Inquiry.objects.filter(pk=inquiry.pk).update(diagnosis=begun.sight.diagnosis, evidence=kept)
    Reading.objects.filter(pk=inquiry.reading_id).update(status="not_added", why_not=endpoints.NONE, finished_at=timezone.now())


def test_asking_without_a_model_says_so_and_shows_what_timonel_found(environment: Environment, as_: SignIn) -> None:
    ModelEndpoint.objects.update(is_default=False)
    client, address = as_("ada"), f"/environments/{environment.pk}/ask/"
    words = text_of(client.get(address).content.decode())
    assert "Nobody has asked yet" in words and "No model is connected" in words
    to = client.post(f"{address}question/", {"question": "Why is exit code 137?", "key": "one"}).headers["Location"]
    assert "It waits for its turn" in text_of(client.get(to).content.decode())
    assert client.post(f"{address}question/", {"question": "Why is exit code 137?", "key": "one"}).headers["Location"] == to
    _without_a_model(Inquiry.objects.get())
    words = text_of(client.get(to).content.decode())
    found = Inquiry.objects.get().diagnosis
    assert found is not None and found.summary in words
    assert "A model added nothing" in words and "What is written down for it" in words
    assert "asked by ada" in words


def test_a_disagreement_stands_beside_the_engine(environment: Environment, as_: SignIn) -> None:
    differs = {"text": "It is the query.", "evidence": ["log-aaaaaa"]}
    one = answered(environment, stance="disagrees", differs=differs, unknown=["Who ran it."], dropped=2)
    words = text_of(as_("bob").get(f"/environments/{environment.pk}/ask/?number={one.pk}").content.decode())
    for part in ("The model disagrees with the engine.", "It lacks memory.", "The worker needs more memory.", "It is the query."):
        assert part in words
    for part in ("Who ran it.", "2 things it wrote rested on no evidence", "written by a model", "Step by step"):
        assert part in words


def test_who_only_looks_reads_and_cannot_ask_or_cancel(environment: Environment, as_: SignIn) -> None:
    one = inquiries.ask(SYSTEM, environment, "What is wrong?", key="k")
    address = f"/environments/{environment.pk}/ask/"
    page = as_("bob").get(address).content.decode()
    assert "What is wrong?" in text_of(page) and "<textarea" not in page and "Cancel this question" not in text_of(page)
    assert as_("bob").post(f"{address}question/", {"question": "Why?", "key": "b"}).status_code == 403
    assert as_("bob").post(f"/questions/{one.pk}/cancel/").status_code == 403
    assert as_("mallory").get(address).status_code == 404
    assert as_("ada").post(f"/questions/{one.pk}/cancel/").status_code == 303
    assert "cancelled by ada" in text_of(as_("bob").get(address).content.decode())
    assert as_("ada").get(f"{address}?number=999999").status_code == 404
    assert as_("ada").get(f"{address}?number=x").status_code == 404


def test_what_a_model_or_a_log_says_is_text_and_leads_nowhere(environment: Environment, as_: SignIn) -> None:
    one = answered(environment, text=NASTY, unknown=[NASTY], differs={"text": NASTY, "evidence": []}, trouble=NASTY)
    page = as_("ada").get(f"/environments/{environment.pk}/ask/?number={one.pk}").content.decode()
    assert "<script>alert" not in page and "<img" not in page
    assert 'href="http://evil' not in page and 'src="http' not in page


def test_an_incident_a_diagnosis_and_an_environment_lead_here(environment: Environment, as_: SignIn) -> None:
    incident = incidents.open_for_alert(SYSTEM, environment, "Slow@alerts", "It is slow", {})
    client, address = as_("ada"), f"/environments/{environment.pk}/ask/"
    assert f'href="{address}?incident={incident.pk}"' in client.get(f"/incidents/{incident.pk}/").content.decode()
    for page in (f"/environments/{environment.pk}/", f"/environments/{environment.pk}/diagnosis/"):
        assert f'href="{address}"' in client.get(page).content.decode()
    assert "It is slow" in client.get(f"{address}?incident={incident.pk}").content.decode()
    client.post(f"{address}question/", {"question": "Why?", "key": "i", "incident": incident.pk})
    assert Inquiry.objects.get().incident == incident
    assert "Who is affected" in client.get(f"{address}?q=Who is affected").content.decode()
