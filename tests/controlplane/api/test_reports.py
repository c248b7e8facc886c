"""Reports through the API: as the tool wrote them, once, within limits."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from controlplane.core.models import User
from tests.controlplane.api.conftest import Client
from tests.workloads.reports.samples import SAMPLES
from tests.workloads.stage import Stage
from workloads.models import Finding, Report
from workloads.reports import FORMATS

pytestmark = pytest.mark.django_db
COMMIT = "a" * 40


def _send(client: APIClient, content: bytes, *, key: str = "", kind: str = "application/json", **query: str) -> Any:
    given = {"format": "generic", "commit": COMMIT, **query}
    address = "/api/v1/applications/shop/reports?" + "&".join(f"{name}={value}" for name, value in given.items())
    return client.post(address, content, content_type=kind, headers={"Idempotency-Key": key} if key else {})


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", ["application/json", "application/xml", "application/octet-stream", "application/sarif+json"])
def test_every_format_is_received_whatever_it_is_called(
    production: Stage, alice: User, client_of: Client, format: str, kind: str
) -> None:
    client = client_of(alice)
    answer = _send(client, SAMPLES[format], format=format, kind=kind)
    assert (answer.status_code, answer.json()["format"], answer.json()["facts"] > 0) == (201, format, True)
    shown = client.get(answer["Location"]).json()
    assert shown == answer.json()
    found = client.get("/api/v1/findings", {"report": shown["id"]}).json()["results"]
    assert len(found) == shown["facts"]


def test_a_report_sent_twice_with_its_key_is_kept_once(production: Stage, alice: User, client_of: Client) -> None:
    first, second = (_send(client_of(alice), SAMPLES["generic"], key="k") for _ in range(2))
    assert first.json() == second.json()
    other = _send(client_of(alice), SAMPLES["generic"], key="k", commit="b" * 40)
    assert (other.status_code, Report.objects.count()) == (422, 1)


@pytest.mark.parametrize(
    ("query", "name"),
    [({"format": "pdf"}, "format"), ({"commit": "main"}, "commit"), ({"base": "x"}, "base"), ({"odd": "1"}, "odd")],
)
def test_what_is_wrong_with_the_query_is_named(
    production: Stage, alice: User, client_of: Client, query: dict[str, str], name: str
) -> None:
    answer = _send(client_of(alice), SAMPLES["generic"], **query)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])


def test_the_place_of_a_mistake_in_the_report_is_named(production: Stage, alice: User, client_of: Client) -> None:
    answer = _send(client_of(alice), b'{"tool": "x", "facts": [{"rule": 1}]}')
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert "$.facts[0].rule: a text is needed" in answer.json()["title"]
    assert not Finding.objects.exists()


def test_a_report_that_claims_to_be_huge_is_refused_unread(production: Stage, alice: User, client_of: Client) -> None:
    address = f"/api/v1/applications/shop/reports?format=generic&commit={COMMIT}"
    answer = client_of(alice).generic("POST", address, "{}", content_type="application/json", CONTENT_LENGTH="100000000")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_no_report_at_all_is_a_problem(production: Stage, alice: User, client_of: Client) -> None:
    assert _send(client_of(alice), b"").status_code == 400
