"""Naughty strings in every field that the API's description names, and in every report: refused or kept, no failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils.http import urlencode
from drf_spectacular.generators import SchemaGenerator
from pytest_django import Settings

from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.naughty.strings import EVERY, share
from tests.workloads.stage import Stage
from workloads import incidents, reporting
from workloads.models import Change, Deployment, Finding, Incident, Release, Report
from workloads.reports import FORMATS

pytestmark = pytest.mark.django_db
ROOMS = {"changes": Change, "deployments": Deployment, "releases": Release, "findings": Finding, "incidents": Incident}
BODY = {"application": "shop", "environment": "production", "ref": "v1", "reason": "Because.", "name": "ci", "verbs": ["view"]}
GENERIC = b'{"tool": "t", "facts": [{"rule": "r", "message": "m", "path": "a.py"}]}'
FACT = ("rule", "message", "path", "cure", "source_line")
REPORTS = "/api/v1/applications/shop/reports?format={}&commit=" + "a" * 40


@pytest.fixture
def root(production: Stage, settings: Settings) -> Client:
    """A superuser with one of each thing, asking as often as they like."""
    settings.API_READS_A_MINUTE = settings.API_WRITES_A_MINUTE = 10**9
    user = User.objects.create_superuser("root")
    incidents.open_for(production.live(production.release("v0")), "It was slow.", {})
    production.propose(production.release("v1"))
    reporting.receive(Actor.person(user), production.environment.application, reporting.Sent("generic", "a" * 40, GENERIC))
    assert Report.objects.exists()
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def described() -> dict[str, Any]:
    """The description of the API."""
    made: Any = SchemaGenerator
    found: dict[str, Any] = made().get_schema(request=None, public=True)
    return found


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of each operation."""
    return [(path, method, one) for path, found in described()["paths"].items() for method, one in found.items()]


@pytest.mark.slow
def test_no_parameter_breaks_anything(root: Client) -> None:
    assert [told for n, one in enumerate(_parameters()) for told in _asked(root, *one, share(n, 1))] == []


@pytest.mark.slow
def test_no_field_of_a_body_breaks_anything(root: Client) -> None:
    assert [told for n, one in enumerate(_fields()) for told in _sent(root, *one, share(n, 1))] == []


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_no_string_in_any_parameter_or_field_breaks_anything(root: Client) -> None:
    assert [told for one in _parameters() for told in _asked(root, *one, EVERY)] == []
    assert [told for one in _fields() for told in _sent(root, *one, EVERY)] == []


@pytest.mark.parametrize("kind", list(FORMATS))
def test_no_report_breaks_anything(root: Client, kind: str) -> None:
    for text in share(list(FORMATS).index(kind), 12):
        for content in (text.encode("utf-8", "surrogatepass"), json.dumps([text]), json.dumps({"runs": text, "results": text})):
            assert root.post(REPORTS.format(kind), content, "application/octet-stream").status_code < 500, (kind, text)


@pytest.mark.slow
def test_a_report_full_of_naughty_strings_is_kept_and_given_back(root: Client) -> None:
    texts = [text for text in EVERY if text.strip() and ".." not in text]  # the others are refused with their place
    facts = [{"rule": "r", "message": "m", name: text} for text in texts for name in FACT]
    answer = root.post(REPORTS.format("generic"), json.dumps({"tool": "naughty", "facts": facts}), "application/octet-stream")
    assert answer.status_code == 201, answer.content[:500]
    address: str | None = "/api/v1/findings?limit=200&tool=naughty"
    found = 0
    while address:
        page = root.get(address).json()
        found, address = found + len(page["results"]), page["next"]
    assert found > len(texts)


def _parameters() -> Iterator[tuple[str, str]]:
    """Each parameter of each operation that reads."""
    for path, method, one in operations():
        if method == "get":
            yield from ((path, parameter["name"]) for parameter in one.get("parameters", []) if parameter["in"] == "query")


def _fields() -> Iterator[tuple[str, str, str]]:
    """Each field of each body, the key of repetition, and the body itself under no name."""
    schemas = described()["components"]["schemas"]
    for path, method, one in operations():
        for media in one.get("requestBody", {}).get("content", {}).values():
            shape = media["schema"].get("$ref", "").rpartition("/")[2]
            yield from ((path, method, name) for name in ["", "Idempotency-Key", *schemas.get(shape, {}).get("properties", {})])


def _asked(client: Client, path: str, name: str, strings: tuple[str, ...]) -> Iterator[str]:
    for text in strings:
        if name == "wait" and text.replace(".", "").isdecimal():
            continue
        query = urlencode({name: text.encode("utf-8", "surrogatepass")})
        if client.get(_address(path), QUERY_STRING=query).status_code >= 500:
            yield f"{path} {name}={text!r:.80}"


def _sent(client: Client, path: str, method: str, name: str, strings: tuple[str, ...]) -> Iterator[str]:
    for text in strings:
        with transaction.atomic():
            header = {"Idempotency-Key": (text if name == "Idempotency-Key" else "k").encode("utf-8", "replace").decode("latin-1")}
            body = json.dumps({**BODY, name: text} if name else text)
            answer = client.generic(method.upper(), _address(path), body, "application/json", headers=header)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            yield f"{method} {path} {name}={text!r:.80}: {answer.content[:200]!r}"


def _address(path: str) -> str:
    """The address of something that is there, where there is such a thing."""
    room = ROOMS.get(path.split("/")[3])
    number = room._default_manager.values_list("pk", flat=True)[0] if room and "{number}" in path else 1
    known = {"{number}": str(number), "{environment}": "production", "{variable}": "GREETING", "{name}": "shop"}
    for name, value in known.items():
        path = path.replace(name, value)
    return path
