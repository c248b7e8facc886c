"""The role matrix: every address, every method, every kind of caller, on things of their own and on foreign ones.

A new address without a row in `table.py` fails here by its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from typing import cast as cast_to

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from pytest_django import DjangoDbBlocker

from controlplane.core.models import AuditEntry
from controlplane.core.permissions import Role
from controlplane.dashboard.consumers import NO_RIGHT, NO_SESSION, refusal
from controlplane.dashboard.routing import websocket_urlpatterns
from tests.controlplane.matrix.cast import (
    ANONYMOUS,
    ELSEWHERE,
    EVERY,
    FOREIGN,
    NOBODY,
    PEOPLE,
    READING,
    SCOPED,
    SUPER,
    TOKENS,
    Cast,
    gather,
)
from tests.controlplane.matrix.routes import UNSAFE, Route, routes
from tests.controlplane.matrix.table import ANSWERS, TOPICS

ROUTES = {route.pattern: route for route in routes()}
LISTED = sorted(ANSWERS)
CALLERS = (*PEOPLE, *TOKENS)
DENIALS = {403, 404, 405}
TO_SIGN_IN = 302
NAMED_IN_THE_BODY = {
    ("POST", "api/v1/deployments"),
    ("POST", "api/v1/rollbacks"),
    ("POST", "api/v1/knowledge/feedback"),
    ("POST", "api/v1/incidents"),
    ("POST", "incidents/open/"),
}
OF_APPLICATIONS = re.compile(
    r"<\w+:(application_id|environment_id|run_id|change_id|incident_id|inquiry_id|finding_id|delivery_id|source_id|document_id|passage_id|name)>"
    r"|(deployments|environments|runs|changes|releases|findings|incidents|questions|reports|deliveries|sources|documents|diagnoses)/<number:number>"
)
OF_WHOLE_APPLICATIONS = {  # what a token for one environment does not reach
    ("POST", "api/v1/applications/<name:name>/environments"),
    ("POST", "api/v1/applications/<name:name>/reports"),
    ("POST", "api/v1/findings/<number:number>/suppress"),
    ("POST", "api/v1/knowledge/sources/<number:number>/refresh"),
    ("POST", "api/v1/knowledge/sources/<name:name>/documents"),
}
OF_WHO_ADMINISTERS = {  # what such a token does not even see
    ("GET", "api/v1/deliveries/<number:number>"),
    ("POST", "api/v1/deliveries/<number:number>/handle-again"),
}
BY_SIGNATURE = {("POST", "api/v1/hooks/<name:name>")}  # asks for no person's rights
ABOUT_THINGS = [key for key in LISTED if key in NAMED_IN_THE_BODY or (OF_APPLICATIONS.search(key[1]) and key not in BY_SIGNATURE)]
pytestmark = pytest.mark.django_db
KEY = {"Idempotency-Key": "k"}
QUESTIONS = {
    "api/v1/applications/<name:name>/reports": f"?format=generic&commit={'a' * 40}",
    "api/v1/knowledge/sources/<name:name>/documents": "?path=ropes.md",
}


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """Everybody and everything, written once; each call's own writes are taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield gather()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def forget_tries() -> None:
    """Each test begins with nobody throttled."""
    cache.clear()


def test_every_address_has_a_row() -> None:
    listed = {pattern for _, pattern in ANSWERS}
    assert {route.pattern for route in ROUTES.values() if not route.of_admin} == listed


@pytest.mark.parametrize(("method", "pattern"), LISTED)
def test_each_caller_gets_what_the_table_says(method: str, pattern: str, cast: Cast) -> None:
    found = {caller: call(cast, caller, method, ROUTES[pattern], cast.here).status_code for caller in CALLERS}
    assert found == dict(zip(CALLERS, ANSWERS[method, pattern], strict=True))


@pytest.mark.parametrize(("method", "pattern"), ABOUT_THINGS)
def test_what_is_foreign_does_not_exist(method: str, pattern: str, cast: Cast) -> None:
    here = dict(zip(CALLERS, ANSWERS[method, pattern], strict=True))
    expected: dict[str, int] = dict.fromkeys((Role.VIEWER, Role.ADMINISTRATOR), 404)
    if ROUTES[pattern].of_api:
        beyond = dict.fromkeys(OF_WHOLE_APPLICATIONS, 403) | dict.fromkeys(OF_WHO_ADMINISTERS, 404)
        expected |= {READING: 404, ELSEWHERE: beyond.get((method, pattern), here[EVERY])}
    assert {caller: call(cast, caller, method, ROUTES[pattern], cast.foreign).status_code for caller in expected} == expected


@pytest.mark.parametrize("pattern", [pattern for pattern, route in ROUTES.items() if not route.of_admin])
def test_a_method_without_a_row_is_denied_to_everybody(pattern: str, cast: Cast) -> None:
    for method in [method for method in ("GET", *UNSAFE) if (method, pattern) not in ANSWERS]:
        before = AuditEntry.objects.count()
        assert call(cast, SUPER, method, ROUTES[pattern], cast.here).status_code in DENIALS, method
        assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("pattern", [pattern for method, pattern in LISTED if method == "GET" and not ROUTES[pattern].arguments])
def test_lists_and_pages_name_nothing_foreign(pattern: str, cast: Cast) -> None:
    for caller in (NOBODY, Role.ADMINISTRATOR, READING):
        assert FOREIGN not in call(cast, caller, "GET", ROUTES[pattern], cast.here).content.decode(), caller


@pytest.mark.parametrize("pattern", [route.pattern for route in ROUTES.values() if route.of_admin])
def test_the_administration_opens_to_administrators_of_everything_only(pattern: str, cast: Cast) -> None:
    for method in ("GET", "POST"):
        for caller in (ANONYMOUS, NOBODY, Role.ADMINISTRATOR, READING):
            answer = call(cast, caller, method, ROUTES[pattern], cast.here)
            assert answer.status_code in {TO_SIGN_IN, *DENIALS}, (caller, method)
        by_role, by_rank = (call(cast, caller, method, ROUTES[pattern], cast.here) for caller in (EVERY, SUPER))
        assert by_role.status_code == by_rank.status_code < 500, method


@pytest.mark.parametrize("topic", TOPICS)
def test_a_socket_opens_to_who_may_hear_its_topic(topic: str, cast: Cast) -> None:
    codes = {"-": 0, "session": NO_SESSION, "right": NO_RIGHT}
    expected = {caller: codes[word] for caller, word in zip(PEOPLE, TOPICS[topic], strict=True)}
    assert {caller: _heard(cast, caller, topic.format(**cast.here)) for caller in PEOPLE} == expected
    if "{" in topic:
        foreign = expected | dict.fromkeys(SCOPED, NO_RIGHT)
        assert {caller: _heard(cast, caller, topic.format(**cast.foreign)) for caller in PEOPLE} == foreign


def test_there_is_one_socket() -> None:
    assert [str(route.pattern) for route in websocket_urlpatterns] == ["live/<str:topic>/"]


def call(cast: Cast, caller: str, method: str, route: Route, things: dict[str, Any]) -> HttpResponse:
    """The answer to one call, as if it were the first."""
    client, address = cast.client(caller), route.address(_values(route, things)) + QUESTIONS.get(route.pattern, "")
    with transaction.atomic():
        if method == "GET":
            answer = client.get(address, _query(route, things))
        elif route.of_api:
            answer = client.generic(method, address, json.dumps(_json(route, things)), "application/json", headers=KEY)
        else:
            answer = getattr(client, method.lower())(address, _form(things))
        transaction.set_rollback(True)
    return cast_to("HttpResponse", answer)


def _heard(cast: Cast, caller: str, topic: str) -> int:
    return refusal(cast.sessions.get(caller), topic)


def _values(route: Route, things: dict[str, Any]) -> dict[str, object]:
    """The values of the arguments in the pattern; whatever is not of an application gets a number that nothing has."""
    run = things["failed"] if "retry" in route.pattern else things["run_id"]
    number = {"deployments": things["deployment"], "runs": run, "changes": things["change_id"], "releases": things["release"]}
    number |= {
        "environments": things["environment_id"],
        "findings": things["finding_id"],
        "incidents": things["incident_id"],
        "questions": things["inquiry_id"],
        "reports": things["report"],
        "deliveries": things["delivery_id"],
        "notifications": things["notification_id"],
        "sources": things["source_id"],
        "documents": things["document_id"],
        "diagnoses": things["diagnosis"],
        "audit": AuditEntry.objects.latest("number").pk,
    }
    kind = route.pattern.removeprefix("api/v1/").removeprefix("knowledge/").split("/")[0]
    others = dict.fromkeys(set(route.arguments) - set(things), 0)
    return others | things | {"run_id": run} | ({"number": number.get(kind, 0)} if "number" in route.arguments else {})


def _query(route: Route, things: dict[str, Any]) -> dict[str, Any]:
    """What this address must be asked with."""
    if route.pattern in {"knowledge/", "api/v1/knowledge/search"}:
        return {"q": "ahoy"}
    return {"from": things["release"], "to": things["release"]} if "/compare" in route.pattern else {}


def _form(things: dict[str, Any]) -> dict[str, Any]:
    """A form with everything that any page asks for."""
    decision = {"decision": "approve", "sha256": things["sha256"], "name": things["environment"]}
    token = {"verbs": ["view"], "scope": "*", "days": "30"}
    return {
        "reason": "Because.",
        "question": "What is wrong?",
        "now": "yes",
        "environment": things["environment_id"],
        "deployment": things["deployment"],
        "ref": "v1",
        "key": "k",
        "quiet_zone": "UTC",
        "q": "ahoy",
        "title": "It is slow.",
        "text": "It was slow.",
        "seen": "0",
        "remedy": "a" * 16,
        **decision,
        **token,
    }


def _json(route: Route, things: dict[str, Any]) -> dict[str, Any]:
    """A body as this operation asks for it."""
    place = {"application": things["name"], "environment": things["environment"]}
    decision = {"shown_sha256": things["sha256"], "reason": "Good."}
    bodies: dict[str, dict[str, Any]] = {
        "deployments": place | {"ref": "v1"},
        "feedback": {"question": "ahoy", "passage": things["passage_id"], "helped": True},
        "environments": {"name": "extra", "tier": "staging"},
        "reports": {"tool": "lint", "facts": []},
        "incidents": place | {"title": "It is slow."},
        "look-again": {},
        "propose": {},
        "remedies": {"remedy": "a" * 16},
        "post-mortem": {"text": "It was slow.", "seen": 0},
        "questions": {"question": "What is wrong?"},
        "rollbacks": place | {"reason": "Slow."},
        "schedule": {"not_before": None, "reason": "Now."},
        "tokens": {"name": "ci", "verbs": ["view"]},
        "<variable:variable>": {"value": "ahoy"},
        **dict.fromkeys(("approve", "reject", "override"), decision),
    }
    return bodies.get(route.pattern.rpartition("/")[2], {"reason": "Because."})
