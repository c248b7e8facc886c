"""From the delivery to the forge and back: a push or a request to merge asks for a run, and the forge hears how it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from agents import standing, tasks
from agents.models import Run
from controlplane.core.models import OutboxMessage
from tests.workloads.forges import GITHUB, GITLAB, Answer, Forge, forge
from tests.workloads.hooks import payloads, senders
from tests.workloads.hooks.senders import KEY, Headers
from tests.workloads.stage import stage
from workloads.models import Environment, ForgeStatus, WebhookRule, WebhookSource

pytestmark = pytest.mark.django_db
TOKEN = "glpat-" + "t" * 20


@pytest.fixture
def staging(db: None) -> Environment:
    cache.clear()
    return stage("staging", "staging").environment


def connected(environment: Environment, where: Forge, kind: str, event: str) -> WebhookSource:
    """A source at this forge, with a rule for the event, for writing commit statuses back."""
    common = {"secret": KEY, "api_url": where.url, "api_token": TOKEN, "private": True}
    source = WebhookSource.objects.create(name="shop", kind=kind, application=environment.application, **common)
    WebhookRule.objects.create(source=source, event=event, refs="main", effect="deploy", environment=environment)
    return source


def arrive(document: Any, sign: Callable[..., Headers], event: str) -> Run:
    """It comes in by the door, and its task is carried out."""
    body = senders.text(document)
    answer = Client().generic("POST", "/api/v1/hooks/shop", body, "application/json", headers=sign(body, event=event))
    assert answer.status_code == 202, answer.content
    for message in OutboxMessage.objects.filter(name="agents.react"):
        tasks.react(*message.arguments)
    return Run.objects.get()


def stands(run: Run, status: str, **more: Any) -> None:
    """The run is so now, and the scheduler had a look."""
    lease = {"lease_expires_at": Now(), "lease_owner": "w"} if status == "running" else {"lease_expires_at": None}
    Run.objects.filter(pk=run.pk).update(status=status, **lease, **more)
    OutboxMessage.objects.all().delete()
    tasks.tell_forges()
    for message in OutboxMessage.objects.filter(name="agents.tell_forge"):
        tasks.tell_forge(*message.arguments)


WAYS: dict[str, tuple[str, str, str, Callable[..., Headers], Any]] = {
    "github push": ("github", "push", "push", senders.github, payloads.github_push()),
    "github pull request": ("github", "pull_request", "pull_request", senders.github, payloads.github_pull_request()),
    "gitlab push": ("gitlab", "Push Hook", "push", senders.gitlab_signed, payloads.gitlab_push()),
    "gitlab merge request": (
        "gitlab",
        "Merge Request Hook",
        "pull_request",
        senders.gitlab_signed,
        payloads.gitlab_merge_request(),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_arrives_deploys_and_its_end_is_written_back(way: str, staging: Environment) -> None:
    kind, event, rule, sign, document = WAYS[way]
    recorded = GITHUB if kind == "github" else GITLAB
    with forge(recorded["status"]) as where:
        connected(staging, where, kind, rule)
        run = arrive(document, sign, event)
        ForgeStatus.objects.filter(kind="deployment").delete()
        stands(run, "queued")
        stands(run, "running", started_at=timezone.now())
        stands(run, "running")
        stands(run, "succeeded", finished_at=timezone.now(), result={"summary": "v2 is live."})
        stands(run, "succeeded")
    said = [asked.body["state"] for asked in where.asked]
    assert said == (["pending", "pending", "success"] if kind == "github" else ["pending", "running", "success"])
    assert where.asked[-1].body["description"] == "v2 is live."
    assert ForgeStatus.objects.get().settled


def test_the_deployment_is_made_and_ended_at_the_forge(staging: Environment) -> None:
    answers = GITHUB["deployments"], GITHUB["deployment"], GITHUB["deployment status"]
    with forge(*answers) as where:
        connected(staging, where, "github", "push")
        run = arrive(payloads.github_push(), senders.github, "push")
        ForgeStatus.objects.filter(kind="commit").delete()
        stands(run, "running")
        stands(run, "rolled_back", finished_at=timezone.now(), result={"summary": "It failed; v1 is live again."})
    assert [asked.body["state"] for asked in where.asked[2:]] == ["in_progress", "failure"]
    assert ForgeStatus.objects.get().remote_id == "42"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", "pending"),
        ("waiting", "pending"),
        ("running", "running"),
        ("succeeded", "success"),
        ("failed", "failure"),
        ("stopped", "failure"),
        ("refused", "failure"),
        ("rolled_back", "failure"),
        ("cancelled", "error"),
        ("stuck", "error"),
    ],
)
def test_every_status_of_a_run_has_its_state(status: str, state: str) -> None:
    assert standing.STATES.get(status, "failure") == state
    assert status in Run.Status.values


def test_a_run_that_is_tried_again_is_told_again(staging: Environment) -> None:
    with forge(GITHUB["status"]) as where:
        connected(staging, where, "github", "push")
        run = arrive(payloads.github_push(), senders.github, "push")
        ForgeStatus.objects.filter(kind="deployment").delete()
        stands(run, "failed", finished_at=timezone.now(), result={"summary": "A test failed."})
        stands(run, "queued", finished_at=None, result={})
        stands(run, "succeeded", finished_at=timezone.now(), result={"summary": "v2 is live."})
    assert [asked.body["state"] for asked in where.asked] == ["failure", "pending", "success"]


def test_a_forge_that_was_away_hears_the_end_only(staging: Environment) -> None:
    with forge(Answer(503, {})) as where:
        connected(staging, where, "github", "push")
        run = arrive(payloads.github_push(), senders.github, "push")
        ForgeStatus.objects.filter(kind="deployment").delete()
        stands(run, "queued")
        stands(run, "running")
        where.asked.clear()
        where.answers[:] = [GITHUB["status"]]
        stands(run, "succeeded", finished_at=timezone.now(), result={"summary": "v2 is live."})
    assert [asked.body["state"] for asked in where.asked] == ["success"]


def test_a_secret_in_a_runs_words_is_not_told(staging: Environment) -> None:
    with forge(GITHUB["status"]) as where:
        connected(staging, where, "github", "push")
        run = arrive(payloads.github_push(), senders.github, "push")
        ForgeStatus.objects.filter(kind="deployment").delete()
        stands(run, "failed", finished_at=timezone.now(), result={"summary": "password=hunter2hunter2 was wrong"})
    assert "hunter2" not in str(where.asked[-1].body)
