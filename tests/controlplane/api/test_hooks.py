"""The door of webhooks: whoever proves who they are is written down once; nobody else gets as far as being read."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from controlplane.api.views.hooks import Hook
from controlplane.core.models import AuditEntry, OutboxMessage, User
from controlplane.core.permissions import Verb
from tests.workloads.hooks import payloads, senders
from tests.workloads.hooks.senders import KEY, OTHER_KEY, Headers
from tests.workloads.stage import SYSTEM, Stage
from workloads import deliveries, sources
from workloads.hooks import parsing
from workloads.models import WebhookDelivery, WebhookSource

pytestmark = pytest.mark.django_db
PUSH = senders.text(payloads.github_push())
JSON = "application/json"
HUGE = b'{"ref": "' + b"x" * 2**20 + b'"}'


@pytest.fixture(autouse=True)
def nobody_counted() -> None:
    cache.clear()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every body that the door let as far as the parser."""
    found: list[bytes] = []

    def parse(kind: str, event: str, body: bytes) -> Any:
        found.append(body)
        return parsing.parse(kind, event, body)

    monkeypatch.setattr(Hook, "parse", staticmethod(parse))
    return found


@pytest.fixture
def source(production: Stage) -> WebhookSource:
    return make(production)


def make(stage: Stage | None, kind: str = "github", name: str = "shop", **more: Any) -> WebhookSource:
    application = stage.environment.application if stage else None
    return WebhookSource.objects.create(name=name, kind=kind, application=application, secret=KEY, **more)


def send(headers: Headers, body: bytes = PUSH, name: str = "shop", content_type: str = JSON) -> Any:
    return Client().generic("POST", f"/api/v1/hooks/{name}", body, content_type, headers=headers)


def test_a_push_is_accepted_written_down_audited_and_sent_on(source: WebhookSource) -> None:
    answer = send(senders.github(PUSH, delivery="0f0e0d0c-1111-2222-3333-444455556666"))
    assert answer.status_code == 202, answer.content
    delivery = WebhookDelivery.objects.get()
    assert answer.json() == {"delivery": delivery.pk, "repeat": False}
    assert (delivery.event, delivery.status, delivery.facts["commit"]) == ("push", "received", payloads.AFTER)
    assert delivery.body_sha256 == hashlib.sha256(PUSH).hexdigest()
    entry = AuditEntry.objects.get(action="webhook.receive")
    assert (entry.actor_label, entry.request_id) == ("webhook shop", answer["X-Request-ID"])
    assert OutboxMessage.objects.get().arguments == [delivery.pk]


def test_a_repeat_is_answered_alike_and_does_nothing(source: WebhookSource) -> None:
    headers = senders.github(PUSH)
    first, second = send(headers), send(headers)
    assert (second.status_code, second.json()) == (202, first.json() | {"repeat": True})
    assert (WebhookDelivery.objects.count(), OutboxMessage.objects.count(), AuditEntry.objects.count()) == (1, 1, 1)


def test_a_replay_under_another_name_or_event_is_a_repeat(source: WebhookSource) -> None:
    """GitHub signs the body only: its name and event are whoever's who replays it."""
    signed = senders.github(PUSH)
    send(signed)
    for more in ({"X-GitHub-Delivery": senders.github(PUSH)["X-GitHub-Delivery"]}, {"X-GitHub-Event": "push"}):
        assert send(signed | more).json()["repeat"] is True
    assert send(signed | {"X-GitHub-Event": "release"}).json()["repeat"] is True
    assert WebhookDelivery.objects.count() == 1


def test_the_same_name_at_another_source_is_another_delivery(source: WebhookSource) -> None:
    make(None, name="other")
    headers = senders.github(PUSH)
    assert not send(headers).json()["repeat"]
    assert not send(headers, name="other").json()["repeat"]


Change = Callable[[Headers, bytes], tuple[Headers, bytes, str]]


def _with(change: Callable[[Headers], Headers]) -> Change:
    return lambda headers, body: (change(headers), body, JSON)


SIGNATURE = "X-Hub-Signature-256"
WRONG: dict[str, tuple[int, Change]] = {
    "body altered": (401, lambda headers, body: (headers, body.replace(b"main", b"mail"), JSON)),
    "body with a space more": (401, lambda headers, body: (headers, body + b" ", JSON)),
    "body cut": (401, lambda headers, body: (headers, body[:-1], JSON)),
    "no body, and so no type": (415, lambda headers, body: (headers, b"", JSON)),
    "no signature": (401, _with(lambda headers: {k: v for k, v in headers.items() if k != SIGNATURE})),
    "wrong key": (401, lambda headers, body: (senders.github(body, key=OTHER_KEY), body, JSON)),
    "empty key": (401, lambda headers, body: (senders.github(body, key=""), body, JSON)),
    "the decoy's key": (401, lambda headers, body: (senders.github(body, key="a key that nobody has"), body, JSON)),
    "empty signature": (401, _with(lambda headers: headers | {SIGNATURE: ""})),
    "half a signature": (401, _with(lambda headers: headers | {SIGNATURE: headers[SIGNATURE][:40]})),
    "signature in capitals": (401, _with(lambda headers: headers | {SIGNATURE: "sha256=" + headers[SIGNATURE][7:].upper()})),
    "algorithm in capitals": (401, _with(lambda headers: headers | {SIGNATURE: "SHA256=" + headers[SIGNATURE][7:]})),
    "an older algorithm": (401, _with(lambda headers: headers | {SIGNATURE: "sha1=" + headers[SIGNATURE][7:47]})),
    "signature twice": (401, _with(lambda headers: headers | {SIGNATURE: f"{headers[SIGNATURE]},{headers[SIGNATURE]}"})),
    "signature behind a wrong one": (401, _with(lambda headers: headers | {SIGNATURE: f"sha256={'0' * 64}, {headers[SIGNATURE]}"})),
    "signature of another sender": (401, lambda headers, body: (senders.generic(body), body, JSON)),
    "token of another sender": (401, lambda headers, body: (senders.gitlab(body), body, JSON)),
    "no event": (401, _with(lambda headers: {k: v for k, v in headers.items() if k != "X-GitHub-Event"})),
    "an event of another form": (401, _with(lambda headers: headers | {"X-GitHub-Event": "../push"})),
    "two events": (401, _with(lambda headers: headers | {"X-GitHub-Event": "push,push"})),
    "no delivery": (401, _with(lambda headers: {k: v for k, v in headers.items() if k != "X-GitHub-Delivery"})),
    "a delivery of another form": (401, _with(lambda headers: headers | {"X-GitHub-Delivery": "x' OR 1=1 --"})),
    "a delivery in capitals": (401, _with(lambda h: h | {"X-GitHub-Delivery": h["X-GitHub-Delivery"].upper()})),
    "a form": (415, lambda headers, body: (headers, body, "application/x-www-form-urlencoded")),
    "a text": (415, lambda headers, body: (headers, body, "text/plain")),
    "JSON of another set of signs": (415, lambda headers, body: (headers, body, "application/json; charset=utf-16")),
    "two types": (415, lambda headers, body: (headers, body, "application/json, text/plain")),
    "compressed": (415, _with(lambda headers: headers | {"Content-Encoding": "gzip"})),
    "huge": (413, lambda headers, body: (senders.github(HUGE), HUGE, JSON)),
}


@pytest.mark.parametrize("how", WRONG)
def test_what_is_wrong_is_refused_before_it_is_read(how: str, source: WebhookSource, read: list[bytes]) -> None:
    status, change = WRONG[how]
    headers, body, content_type = change(senders.github(PUSH), PUSH)
    assert send(headers, body, content_type=content_type).status_code == status
    assert read == []
    assert not WebhookDelivery.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert send(senders.github(PUSH)).status_code == 202  # and so the list proves something
    assert read == [PUSH]


@pytest.mark.parametrize("age", [301, -301])
@pytest.mark.parametrize(("kind", "sign"), [("generic", senders.generic), ("gitlab", senders.gitlab_signed)])
def test_what_is_old_is_refused_before_it_is_read(
    kind: str, sign: Callable[..., Headers], age: int, production: Stage, read: list[bytes]
) -> None:
    make(production, kind)
    body = senders.text(payloads.generic() if kind == "generic" else payloads.gitlab_push())
    assert send(sign(body, at=time.time() - age), body).status_code == 401
    assert read == []
    assert send(sign(body), body).status_code == 202


@pytest.mark.parametrize(
    ("kind", "sign", "document", "event"),
    [
        ("gitlab", senders.gitlab, payloads.gitlab_push(), "Push Hook"),
        ("gitlab", senders.gitlab_signed, payloads.gitlab_push(), "Push Hook"),
        ("alertmanager", senders.alertmanager, payloads.alertmanager(), "alert"),
        ("alertmanager", senders.alertmanager_basic, payloads.alertmanager(), "alert"),
        ("generic", senders.generic, payloads.generic(), "generic"),
    ],
)
def test_every_kind_of_sender_comes_in_by_its_own_way_once(
    kind: str, sign: Callable[..., Headers], document: Any, event: str, production: Stage
) -> None:
    make(production, kind)
    body = senders.text(document)
    headers = sign(body)
    assert [send(headers, body).json()["repeat"] for _ in range(2)] == [False, True]
    assert WebhookDelivery.objects.get().event == event
    assert send(sign(body, key=OTHER_KEY), body).status_code == 401


def test_nobody_learns_which_names_exist(source: WebhookSource, production: Stage) -> None:
    make(production, name="off", enabled=False)
    wrong = senders.github(PUSH, key=OTHER_KEY)
    answers = [send(headers, name=name) for name in ("shop", "nobody", "off") for headers in (wrong, {}, senders.generic(PUSH))]
    told = {(answer.status_code, answer.json()["title"], answer.json()["cure"], *sorted(_names(answer))) for answer in answers}
    assert len(told) == 1
    assert send(senders.github(PUSH), name="off").status_code == 401
    assert {Client().get(f"/api/v1/hooks/{name}").status_code for name in ("shop", "nobody")} == {405}


def _names(answer: HttpResponse) -> list[str]:
    return [name for name in answer.headers if name != "X-Request-ID"]


def test_a_former_key_is_good_for_a_day(source: WebhookSource) -> None:
    made = sources.change_secret(SYSTEM, source)
    assert send(senders.github(PUSH)).status_code == 202
    assert send(senders.github(PUSH, key=made)).status_code == 202
    WebhookSource.objects.update(former_until=timezone.now() - timedelta(seconds=1))
    assert send(senders.github(PUSH)).status_code == 401
    assert made not in str(list(AuditEntry.objects.values_list("before", "after")))


def test_a_former_key_can_be_ended_at_once(source: WebhookSource) -> None:
    sources.change_secret(SYSTEM, source)
    sources.forget_former(SYSTEM, source)
    assert send(senders.github(PUSH)).status_code == 401
    assert AuditEntry.objects.filter(action="webhooksource.forget_former_secret").exists()


def test_what_is_signed_and_no_document_is_told_to_its_sender(source: WebhookSource) -> None:
    answer = send(senders.github(b"{"), b"{")
    assert (answer.status_code, answer.json()["title"]) == (400, "The body is no JSON.")
    assert not WebhookDelivery.objects.exists()


def test_a_source_that_sends_too_often_waits(source: WebhookSource, settings: Settings) -> None:
    settings.HOOKS_A_MINUTE = 2
    answers = [send(senders.github(PUSH)) for _ in range(6)]  # a new minute may begin on the way
    assert {answer.status_code for answer in answers[:2]} == {202}
    assert 429 in {answer.status_code for answer in answers}
    assert all(answer["Retry-After"] for answer in answers if answer.status_code == 429)


def test_an_alertmanager_that_sends_too_often_is_told_to_try_again(production: Stage, settings: Settings) -> None:
    """It gives up on 429, and tries again on what is above 500."""
    make(production, "alertmanager")
    settings.HOOKS_A_MINUTE = 1
    bodies = [senders.text(payloads.alertmanager(groupKey=str(n))) for n in range(4)]
    answers = [send(senders.alertmanager(body), body) for body in bodies]
    assert {answer.status_code for answer in answers} == {202, 503}
    assert "TIMONEL_HOOKS_A_MINUTE" in answers[-1].json()["cure"] or answers[-1].status_code == 202


def test_a_storm_in_one_body_is_accepted_up_to_four_mebibytes(production: Stage) -> None:
    make(production, "alertmanager")
    one = {**payloads.alert(), "annotations": {"summary": "x" * 200}}
    body = senders.text(payloads.alertmanager(*[{**one, "fingerprint": f"{n:016x}"} for n in range(6_000)]))
    assert 2 * 2**20 < len(body) < 4 * 2**20
    assert send(senders.alertmanager(body), body).status_code == 202
    row = WebhookDelivery.objects.get()
    assert (len(row.alerts), len(row.facts["alerts"]), row.facts["told"]) == (6_000, 20, 6_000)
    assert send(senders.alertmanager(body), body + b" " * 2 * 2**20).status_code == 413


def test_the_same_notification_later_is_told_anew(production: Stage) -> None:
    make(production, "alertmanager")
    body = senders.text(payloads.alertmanager())
    assert [send(senders.alertmanager(body), body).json()["repeat"] for _ in range(2)] == [False, True]
    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(hours=4), proved_sha256="0" * 64, delivery_id="d" * 32)
    assert send(senders.alertmanager(body), body).json()["repeat"] is False


def test_strangers_are_slowed_down_and_the_source_is_not(source: WebhookSource, settings: Settings) -> None:
    settings.API_STRANGERS_A_MINUTE = 2
    answers = [send({}).status_code for _ in range(6)]
    assert set(answers) == {401, 429}
    assert send(senders.github(PUSH)).status_code == 202


def test_nothing_is_kept_of_a_secret_that_was_pushed(source: WebhookSource) -> None:
    body = senders.text(payloads.github_push(head_commit=payloads.github_commit(message="set password=hunter2hunter2")))
    send(senders.github(body), body)
    assert "hunter2" not in str(WebhookDelivery.objects.values().get())


@pytest.fixture
def received(source: WebhookSource) -> Iterator[WebhookDelivery]:
    send(senders.github(PUSH))
    yield WebhookDelivery.objects.get()


def test_deliveries_are_listed_to_who_administers(
    received: WebhookDelivery, elsewhere: Stage, client_of: Callable[..., Any], admin: User, alice: User
) -> None:
    make(elsewhere, name="bank")
    send(senders.github(PUSH), name="bank")
    found = client_of(admin).get("/api/v1/deliveries").json()["results"]
    assert [row["source"] for row in found] == ["bank", "shop"]
    found = client_of(admin).get("/api/v1/deliveries?source=shop&status=received&event=push").json()["results"]
    assert [(row["id"], row["application"]) for row in found] == [(received.pk, "shop")]
    assert client_of(alice).get("/api/v1/deliveries").json()["results"] == []
    assert client_of(alice).get(f"/api/v1/deliveries/{received.pk}").status_code == 404


def test_a_delivery_is_handled_again_on_request(received: WebhookDelivery, client_of: Callable[..., Any], admin: User) -> None:
    address = f"/api/v1/deliveries/{received.pk}/handle-again"
    assert client_of(admin).post(address).status_code == 409
    deliveries.conclude(SYSTEM, received, "ignored", [])
    assert client_of(admin, Verb.VIEW).post(address).status_code == 404
    assert client_of(admin, Verb.VIEW, Verb.ADMINISTER).post(address).status_code == 403
    answer = client_of(admin).post(address)
    assert (answer.status_code, answer.json()["status"]) == (202, "received")
    assert AuditEntry.objects.filter(action="webhook.handle_again", actor_label__startswith="ada").exists()
