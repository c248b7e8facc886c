"""Whether Timonel lives, is ready, and what it counts."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries
from redis import ConnectionError as ValkeyAway
from rest_framework.test import APIClient

from agents.models import Run
from controlplane.core.models import User
from tests.controlplane.api.conftest import Client

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_lives_whatever_the_database_does(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        answer = APIClient().get("/api/v1/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_it_is_ready_when_all_it_needs_answers() -> None:
    answer = APIClient().get("/api/v1/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "valkey": "ok"}},
    )


def test_it_is_not_ready_without_valkey_and_says_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise ValkeyAway("redis://secret@host")

    monkeypatch.setattr(type(cache._connections[cache._alias]), "set", away)  # type: ignore[attr-defined]
    answer = APIClient().get("/api/v1/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    assert answer.json()["checks"] == {"database": "ok", "migrations": "ok", "valkey": "It does not answer."}


def test_it_is_not_ready_before_its_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: [1, 2])
    answer = APIClient().get("/api/v1/ready")
    assert (answer.status_code, answer.json()["checks"]["migrations"]) == (503, "2 to be applied.")


def test_metrics_are_prometheus_own_text(run: Run, admin: User, client_of: Client) -> None:
    client = client_of(admin)
    client.get("/api/v1/me")
    answer = client.get(
        "/api/v1/metrics", HTTP_ACCEPT="application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3,*/*;q=0.1"
    )
    assert answer["Content-Type"].startswith("text/plain")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }
    assert samples["timonel_runs", "queued"] == 1
    assert samples["timonel_runs", "failed"] == 0
    assert samples["timonel_changes", "waiting"] == 0
    assert samples["timonel_queue_age_seconds",] >= 0
    assert samples["timonel_leases", "held"] == 0
    assert samples["timonel_http_requests_total", "200", "GET", "api"] >= 1


def test_metrics_are_for_whoever_may_see_everything(mallory: User, client_of: Client) -> None:
    answer = client_of(mallory).get("/api/v1/metrics")
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
