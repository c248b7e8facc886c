"""Endpoints in the administration: a key goes in and stays in, an address is judged, and a button says whether it works."""

from __future__ import annotations

import pytest
from django.test import Client

from agents.models import ModelCall, ModelEndpoint
from controlplane.core.models import AuditEntry, User
from tests.agents.model_server import ModelServer, Mood

ECHO = '{"word": "harbour", "number": 7}'


@pytest.fixture
def ada(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def form(endpoint: ModelEndpoint, **more: str) -> dict[str, str]:
    plain = ("name", "kind", "address", "model", "structured", "context_tokens", "answer_tokens")
    rest = ("timeout_seconds", "stall_seconds", "price_in", "price_out")
    flags = {name: "on" for name in ("private", "is_default", "enabled") if getattr(endpoint, name)}
    return {name: str(getattr(endpoint, name)) for name in (*plain, *rest)} | flags | {"key": "", "api_version": ""} | more


def attempt(ada: Client, endpoint: ModelEndpoint) -> str:
    answer = ada.post(f"/admin/agents/modelendpoint/{endpoint.pk}/try/", follow=True)
    assert answer.redirect_chain
    return answer.content.decode()


def test_a_key_goes_in_and_never_comes_out(ada: Client, endpoint: ModelEndpoint) -> None:
    address = f"/admin/agents/modelendpoint/{endpoint.pk}/change/"
    assert ada.post(address, form(endpoint, key="sk-brand-new-4711")).status_code == 302
    assert ModelEndpoint.objects.get().key == "sk-brand-new-4711"
    assert b"brand-new" not in ada.get(address).content
    assert ada.post(address, form(endpoint, model="another")).status_code == 302
    stored = ModelEndpoint.objects.get()
    assert (stored.model, stored.key) == ("another", "sk-brand-new-4711")
    assert "brand-new" not in str([(entry.before, entry.after) for entry in AuditEntry.objects.all()])


def test_a_key_is_not_carried_to_another_address(ada: Client, endpoint: ModelEndpoint) -> None:
    address = f"/admin/agents/modelendpoint/{endpoint.pk}/change/"
    answer = ada.post(address, form(endpoint, address="http://127.0.0.1:1/v1"))
    assert "type the key for it" in answer.content.decode()
    assert ada.post(address, form(endpoint, address="http://127.0.0.1:1/v1", key="a-new-one-4711")).status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:8000/v1",
        "http://models.example.org/v1",
        "ftp://x.org",
        "https://a@b.org/",
    ],
)
def test_an_address_that_may_not_be_asked_is_refused(address: str, ada: Client, endpoint: ModelEndpoint) -> None:
    given = form(endpoint, address=address, key="typed-anew-4711")
    del given["private"]
    assert ada.post(f"/admin/agents/modelendpoint/{endpoint.pk}/change/", given).status_code == 200
    assert ModelEndpoint.objects.get().address == endpoint.address


def test_the_metadata_of_a_cloud_is_not_even_private(ada: Client, endpoint: ModelEndpoint) -> None:
    given = form(endpoint, address="http://169.254.169.254/v1", key="typed-anew-4711")
    assert ada.post(f"/admin/agents/modelendpoint/{endpoint.pk}/change/", given).status_code == 200


def test_there_is_one_default(ada: Client, endpoint: ModelEndpoint) -> None:
    answer = ada.post("/admin/agents/modelendpoint/add/", form(endpoint, name="second", key="typed-anew-4711"))
    assert "Another endpoint is the default" in answer.content.decode()


def test_a_trial_says_what_came(ada: Client, endpoint: ModelEndpoint, server: ModelServer) -> None:
    server.script(Mood(text=ECHO))
    page = attempt(ada, endpoint)
    assert "It answered as scripted-1 in" in page
    assert "with 120 tokens. It keeps to a shape by JSON mode: yes." in page
    assert ModelCall.objects.get().purpose == "trial"
    told = AuditEntry.objects.get(action="modelendpoint.try").after
    assert told == {"address": server.address, "model": "scripted", "by": "admin"}


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        (Mood("status", status=401, text="bad key"), "It answered 401: bad key. Look at the endpoint&#x27;s key."),
        (Mood("stall"), "It said nothing for"),
        (Mood(text="harbour, 7"), "It keeps to a shape by JSON mode: no."),
        (Mood("redirect"), "redirect, which is not followed"),
        (Mood(text=ECHO, usage=None), "they are estimated"),
    ],
)
def test_a_trial_that_fails_says_why_and_the_cure(
    mood: Mood, said: str, ada: Client, endpoint: ModelEndpoint, server: ModelServer
) -> None:
    server.script(mood)
    assert said in attempt(ada, endpoint)


def test_a_trial_is_a_post_of_an_administrator(ada: Client, bob: User, endpoint: ModelEndpoint, server: ModelServer) -> None:
    place = f"/admin/agents/modelendpoint/{endpoint.pk}/try/"
    assert ada.get(place).status_code == 405
    ada.force_login(bob)
    assert ada.post(place).status_code in (302, 403)
    assert server.asked == []


def test_a_hosts_words_cannot_write_the_page(ada: Client, endpoint: ModelEndpoint, server: ModelServer) -> None:
    server.script(Mood("status", status=400, text="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in attempt(ada, endpoint)
