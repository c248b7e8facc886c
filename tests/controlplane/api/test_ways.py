"""The ways of the house, for every resource: queries, pages, copies, limits, errors."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings
from redis import ConnectionError as ValkeyAway
from rest_framework.response import Response
from rest_framework.test import APIClient

from agents.models import Run
from controlplane.api.views.runs import Runs
from controlplane.core.models import User
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import Stage, stage
from workloads import incidents
from workloads.models import Change

pytestmark = pytest.mark.django_db
LISTS = ("applications", "environments", "releases", "deployments", "runs", "changes", "reports", "findings", "incidents", "audit")
PROBLEM = "application/problem+json"


@pytest.fixture
def client(admin: User, client_of: Client) -> APIClient:
    return client_of(admin)


@pytest.fixture
def no_counts() -> Iterator[None]:
    """Addresses are counted across tests: begin with none."""
    cache.clear()
    yield
    cache.clear()


def _is_problem(answer: Any, status: int) -> None:
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)
    assert answer.json()["status"] == status
    assert answer.json()["reference"] == answer["X-Request-ID"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "query", ["odd=1", "limit=0", "limit=201", "limit=x", "cursor=x", "limit=", f"cursor={b64encode(b'p=x').decode()}"]
)
def test_a_list_refuses_what_it_does_not_know(client: APIClient, name: str, query: str) -> None:
    _is_problem(client.get(f"/api/v1/{name}?{query}"), 400)


@pytest.mark.parametrize(
    "query",
    [
        "runs?status=asleep",
        "deployments?status=odd",
        "deployments?verdict=maybe",
        "changes?risk=none",
        "incidents?status=x",
        "findings?severity=awful",
        "findings?run=x",
        f"findings?run={2**63}",
        "environments?tier=moon",
        "releases?commit=abc",
        "runs?status=",
        "audit?after=-1",
        "applications/shop?odd=1",
    ],
)
def test_a_filter_refuses_values_that_are_none(client: APIClient, production: Stage, query: str) -> None:
    answer = client.get(f"/api/v1/{query}")
    _is_problem(answer, 400)
    name = query.partition("?")[2].partition("=")[0]
    assert list(answer.json()["errors"]) == [name]


def test_filters_choose_and_go_together(client: APIClient, production: Stage, elsewhere: Stage, change: Change) -> None:
    elsewhere.propose(elsewhere.release("v1"))
    found = client.get("/api/v1/changes", {"application": "shop", "status": "waiting"}).json()["results"]
    assert [row["id"] for row in found] == [change.pk]
    assert client.get("/api/v1/changes", {"application": "shop", "status": "applied"}).json()["results"] == []


def test_pages_are_stable_while_rows_arrive_and_go_back_as_well(client: APIClient, production: Stage) -> None:
    for number in range(5):
        production.release(f"v{number}")
    first = client.get("/api/v1/releases", {"limit": 2}).json()
    production.release("news")
    second = client.get(first["next"]).json()
    assert [row["label"] for row in first["results"] + second["results"]] == ["v4", "v3", "v2", "v1"]
    assert [row["label"] for row in client.get(second["previous"]).json()["results"]] == ["v4", "v3"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_the_database_as_often_for_many_rows_as_for_few(
    client: APIClient, production: Stage, name: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _one_more_of_each(production, client, 1)
    with CaptureQueriesContext(connection) as context:
        client.get(f"/api/v1/{name}")
        few = len(context)
    for number in (2, 3, 4):
        _one_more_of_each(stage("production", f"production-{number}", f"shop-{number}"), client, number)
    with django_assert_num_queries(few):
        assert len(client.get(f"/api/v1/{name}").json()["results"]) >= 4


def _one_more_of_each(stage: Stage, client: APIClient, number: int) -> None:
    """A row of every list."""
    application = stage.environment.application
    incidents.open_for(stage.live(stage.release("v1")), "It was slow.", {})
    Run.objects.create(workflow="deploy", environment=stage.environment, requested_by_label="x", idempotency_key=f"run {number}")
    body = {"tool": "linter", "facts": [{"rule": f"X{number}", "message": "Too long."}]}
    address = f"/api/v1/applications/{application.name}/reports?format=generic&commit={'a' * 40}"
    assert client.post(address, body, format="json").status_code == 201


def test_what_has_not_changed_is_not_sent_again(client: APIClient, run: Run) -> None:
    first = client.get("/api/v1/runs")
    again = client.get("/api/v1/runs", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Run.objects.update(status="failed")
    changed = client.get("/api/v1/runs", headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed["ETag"] == first["ETag"]) == (200, False)


def test_answers_belong_to_whoever_asked(client: APIClient) -> None:
    answer = client.get("/api/v1/me")
    assert answer["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}


def test_one_token_asks_too_often_and_others_are_not_harmed(admin: User, bob: User, client_of: Client, settings: Settings) -> None:
    settings.API_READS_A_MINUTE = 3
    client = client_of(admin)
    answers = [client.get("/api/v1/me") for _ in range(8)]  # more than two minutes allow, should one end meanwhile
    refused = next(answer for answer in answers if answer.status_code != 200)
    _is_problem(refused, 429)
    assert 0 < int(refused["Retry-After"]) <= 61
    assert client_of(bob).get("/api/v1/me").status_code == 200


def test_writes_have_a_limit_of_their_own(client: APIClient, run: Run, settings: Settings) -> None:
    settings.API_WRITES_A_MINUTE = 0
    assert client.post(f"/api/v1/runs/{run.pk}/cancel").status_code == 429
    assert client.get(f"/api/v1/runs/{run.pk}").status_code == 200


def test_whoever_guesses_tokens_is_slowed_down_by_address(settings: Settings, no_counts: None) -> None:
    settings.API_STRANGERS_A_MINUTE = 3
    guess = APIClient(headers={"Authorization": "Bearer tmn_guess"})
    answers = [guess.get("/api/v1/me").status_code for _ in range(8)]
    assert set(answers[:2]) == {401}
    assert 429 in answers


def test_a_cache_that_is_away_refuses_nobody(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise ValkeyAway("refused")

    monkeypatch.setattr(type(cache._connections[cache._alias]), "add", away)  # type: ignore[attr-defined]
    assert client.get("/api/v1/me").status_code == 200


def test_only_json_is_answered(client: APIClient) -> None:
    _is_problem(client.get("/api/v1/runs", HTTP_ACCEPT="text/csv"), 406)


def test_only_json_is_read(client: APIClient, production: Stage) -> None:
    answer = client.post("/api/v1/deployments", "a=b", content_type="text/csv", headers={"Idempotency-Key": "k"})
    _is_problem(answer, 415)


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"ref": "\\ud800"}', '{"\\ud800": 1}', '{"ref": NaN}', "\xff", '{"ref": "a\\u0000b"}']
)
def test_a_body_that_no_database_could_hold_is_refused(client: APIClient, body: str) -> None:
    answer = client.post("/api/v1/deployments", body.encode("latin-1"), content_type="application/json")
    _is_problem(answer, 400)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: APIClient) -> None:
    body = '{"ref": "' + "x" * 1_000_001 + '"}'
    _is_problem(client.post("/api/v1/deployments", body, content_type="application/json"), 413)


def test_an_address_beside_the_api_is_a_problem(client: APIClient) -> None:
    _is_problem(client.get("/api/v2/runs"), 404)


@pytest.mark.parametrize(
    "address",
    ["runs/99999999999999999999", "runs/-1", "runs/x", "applications/a%00b", "applications/UPPER", "runs/٣", "a%0Ab", "../v2/runs"],
)
def test_an_address_of_another_shape_is_none(client: APIClient, address: str) -> None:
    _is_problem(client.get(f"/api/v1/{address}"), 404)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_a_method_that_is_none_is_a_problem_that_names_the_others(client: APIClient, method: str) -> None:
    answer = client.generic(method.upper(), "/api/v1/runs")
    _is_problem(answer, 405)
    assert answer["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(("error", "status"), [(ZeroDivisionError("at secret.py"), 500), (OperationalError("host=db"), 503)])
def test_our_mistakes_say_nothing_of_the_inside_and_have_a_reference(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, status: int
) -> None:
    def fail(*_: object) -> Response:
        raise error

    fail.query = Runs.get.query  # type: ignore[attr-defined]
    monkeypatch.setattr(Runs, "get", fail)
    answer = client.get("/api/v1/runs")
    _is_problem(answer, status)
    assert str(error) not in answer.content.decode()
    assert answer.json()["reference"] in caplog.text


def test_what_fails_before_the_views_is_a_problem_too(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["timonel.example"]
    answer = Browser().get("/api/v1/health", HTTP_HOST="evil.example")
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)


def test_the_reference_page_needs_nothing_from_elsewhere() -> None:
    page = APIClient().get("/api/v1/reference", HTTP_ACCEPT="text/html").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert "//cdn" not in page
    assert "<style" not in page
    assert "<script>" not in page
    script = APIClient().get("/api/v1/reference?script=", HTTP_ACCEPT="*/*")
    assert "/api/v1/schema" in script.content.decode()
