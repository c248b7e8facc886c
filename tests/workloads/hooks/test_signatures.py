"""Who sent it: each sender's own way is accepted; whatever is a little different is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.workloads.hooks import senders
from tests.workloads.hooks.senders import KEY, OTHER_KEY, Headers
from workloads.hooks.signatures import Proof, Sent, Unproved, kind_of, prove

NOW = 1_780_000_000.0
BODY = b'{"ref":"refs/heads/main"}'
WAYS: dict[str, tuple[str, Callable[..., Headers]]] = {
    "github": ("github", senders.github),
    "gitlab token": ("gitlab", senders.gitlab),
    "gitlab signed": ("gitlab", lambda body, **more: senders.gitlab_signed(body, **{"at": NOW, **more})),
    "alertmanager bearer": ("alertmanager", senders.alertmanager),
    "alertmanager basic": ("alertmanager", senders.alertmanager_basic),
    "generic": ("generic", lambda body, **more: senders.generic(body, **{"at": NOW, **more})),
}
NOT_READ = {(way, "X-Gitlab-Event-UUID") for way in WAYS} | {("gitlab signed", "Idempotency-Key")}
NAMES = ("0f0e0d0c-1111-2222-3333-444455556666", "ffffffff-1111-2222-3333-444455556666")


def sent(headers: Headers, body: bytes = BODY, at: float = NOW, **twice: list[str]) -> Sent:
    return Sent({name.lower(): [value] for name, value in headers.items()} | twice, body, at)


def proved(kind: str, headers: Headers, *secrets: str, body: bytes = BODY, at: float = NOW) -> Proof:
    return prove(kind, sent(headers, body, at), secrets or (KEY,))


@pytest.mark.parametrize("way", WAYS)
def test_what_the_sender_signs_is_accepted(way: str) -> None:
    kind, sign = WAYS[way]
    assert len(proved(kind, sign(BODY)).digest) == 64


@pytest.mark.parametrize("way", WAYS)
def test_another_key_is_refused(way: str) -> None:
    kind, sign = WAYS[way]
    with pytest.raises(Unproved):
        proved(kind, sign(BODY, key=OTHER_KEY))
    with pytest.raises(Unproved):
        prove(kind, sent(sign(BODY)), [])


@pytest.mark.parametrize("way", WAYS)
def test_a_former_key_is_good_beside_the_present_one(way: str) -> None:
    kind, sign = WAYS[way]
    assert proved(kind, sign(BODY), OTHER_KEY, KEY)


@pytest.mark.parametrize("way", ["github", "gitlab signed", "generic"])
def test_a_changed_body_is_refused(way: str) -> None:
    kind, sign = WAYS[way]
    for changed in (BODY + b" ", BODY[:-1], b"", BODY.replace(b"main", b"mail")):
        with pytest.raises(Unproved):
            proved(kind, sign(BODY), body=changed)


@pytest.mark.parametrize("way", ["gitlab signed", "generic"])
@pytest.mark.parametrize("age", [-301, 301, -86_400, 10**9])
def test_an_old_signature_and_one_of_the_future_are_refused(way: str, age: int) -> None:
    kind, sign = WAYS[way]
    with pytest.raises(Unproved):
        proved(kind, sign(BODY, at=NOW - age))
    assert proved(kind, sign(BODY, at=NOW - 299))


@pytest.mark.parametrize(
    ("way", "header"),
    [(way, name) for way, (_, sign) in WAYS.items() for name in sign(BODY) if (way, name) not in NOT_READ],
)
def test_each_header_is_there_once_and_in_its_form(way: str, header: str) -> None:
    kind, sign = WAYS[way]
    headers = sign(BODY)
    value = headers[header]
    wrong: list[list[str]] = [[value, value], [f"{value},{value}"], [""], [f" {value}"], [f"{value}\n"]]
    wrong += [[value + "\u0000"], [value + "é"], ["x" * 600]]
    if value.upper() != value and header not in {"Idempotency-Key", "webhook-id"}:
        wrong.append([value.upper()])
    for values in wrong:
        with pytest.raises(Unproved):
            prove(kind, Sent({**sent(headers).headers, header.lower(): values}, BODY, NOW), [KEY])


def test_a_bad_signature_of_gitlab_is_not_saved_by_a_good_token() -> None:
    headers = senders.gitlab_signed(BODY, key=OTHER_KEY, at=NOW) | {"X-Gitlab-Token": KEY}
    with pytest.raises(Unproved):
        proved("gitlab", headers)
    for part in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        lacking = {name: value for name, value in senders.gitlab_signed(BODY, at=NOW).items() if name != part}
        with pytest.raises(Unproved):
            proved("gitlab", lacking | {"X-Gitlab-Token": KEY})


def test_gitlab_may_sign_with_two_keys_at_once() -> None:
    one, two = (senders.gitlab_signed(BODY, key=key, delivery="delivery-0001", at=NOW) for key in (OTHER_KEY, KEY))
    both = one | {"webhook-signature": f"{one['webhook-signature']} {two['webhook-signature']}"}
    assert proved("gitlab", both).delivery == "delivery-0001"


def test_a_replay_under_another_name_has_the_same_digest() -> None:
    first, second = (proved("github", senders.github(BODY, delivery=name)) for name in NAMES)
    assert first.delivery != second.delivery
    assert first.digest == second.digest


def test_the_name_that_gitlab_signs_is_part_of_what_was_proved() -> None:
    asked = (("delivery-0001", NOW - 100), ("delivery-0001", NOW), ("delivery-0002", NOW))
    one, again, other = (senders.gitlab_signed(BODY, delivery=name, at=at) for name, at in asked)
    assert proved("gitlab", one).digest == proved("gitlab", again).digest != proved("gitlab", other).digest


@pytest.mark.parametrize("way", WAYS)
def test_the_kind_is_known_by_its_headers(way: str) -> None:
    kind, sign = WAYS[way]
    assert kind_of(sent(sign(BODY)).headers) == kind
