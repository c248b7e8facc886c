"""Forges are told how runs stand: on recorded answers, by a real server; every refusal in words, in order, the last state wins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.workloads import forges
from tests.workloads.forges import GITHUB, GITLAB, Answer, Forge, forge
from tests.workloads.hooks.payloads import AFTER
from tests.workloads.stage import stage
from workloads import statuses
from workloads.adapters import forge as adapter
from workloads.adapters import github, gitlab
from workloads.adapters.forge import ForgeError
from workloads.hooks.news import News
from workloads.models import Environment, ForgeStatus, WebhookSource
from workloads.telling import Saying, Told

SAYING = Saying(
    "harbour/shop", AFTER, "timonel/shop/staging", "shop/staging", "success", "v2 is live.", "https://t.example/runs/3/"
)
TOKEN = "ghp_" + "t" * 36


def tell(kind: str, where: Forge, saying: Saying = SAYING, *, deployment: bool = False) -> Told:
    module: Any = {"github": github, "gitlab": gitlab}[kind]
    do: Callable[..., Told] = module.tell_deployment if deployment else module.tell_commit
    return do(module.forge(where.url, TOKEN, True), saying)


def refused(kind: str, answer: Answer) -> ForgeError:
    with forge(answer) as where, pytest.raises(ForgeError) as caught:
        tell(kind, where)
    assert TOKEN not in str(caught.value)
    return caught.value


def test_github_is_told_the_status_of_a_commit() -> None:
    with forge(GITHUB["status"]) as where:
        tell("github", where)
    (asked,) = where.asked
    assert (asked.method, asked.path) == ("POST", f"/repos/harbour/shop/statuses/{AFTER}")
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["X-GitHub-Api-Version"] == "2022-11-28"
    told = {"state": "success", "context": "timonel/shop/staging", "description": "v2 is live."}
    assert asked.body == told | {"target_url": "https://t.example/runs/3/"}


def test_gitlab_is_told_the_status_of_a_commit() -> None:
    with forge(GITLAB["status"]) as where:
        tell("gitlab", where, replace(SAYING, state="failure"))
    (asked,) = where.asked
    assert (asked.method, asked.path) == ("POST", f"/projects/harbour%2Fshop/statuses/{AFTER}")
    assert asked.headers["PRIVATE-TOKEN"] == TOKEN
    assert (asked.body["state"], asked.body["name"]) == ("failed", "timonel/shop/staging")


@pytest.mark.parametrize("state", ["pending", "running", "success", "failure", "error"])
def test_every_state_has_a_word_that_each_forge_knows(state: str) -> None:
    known = {
        ("github", False): {"pending", "success", "failure", "error"},
        ("github", True): {"queued", "in_progress", "success", "failure", "error"},
        ("gitlab", False): {"pending", "running", "success", "failed", "canceled"},
        ("gitlab", True): {"running", "success", "failed", "canceled"},
    }
    for (kind, deployment), words in known.items():
        with forge(Answer(201, {"id": 1})) as where:
            told = tell(kind, where, replace(SAYING, state=state, remote="42"), deployment=deployment)
        said = [asked.body.get("state") or asked.body.get("status") for asked in where.asked]
        assert set(said) <= words, (kind, deployment)
        assert said or told.note


def test_github_is_told_of_a_deployment_which_is_made_once() -> None:
    with forge(GITHUB["deployments"], GITHUB["deployment"], GITHUB["deployment status"]) as where:
        assert tell("github", where, replace(SAYING, state="running"), deployment=True).remote == "42"
    look, make, status = where.asked
    assert (look.method, "sha=" in look.path, "task=timonel" in look.path) == ("GET", True, True)
    assert (make.body["ref"], make.body["task"], make.body["auto_merge"], make.body["required_contexts"]) == (
        AFTER,
        "timonel",
        False,
        [],
    )
    assert (status.path, status.body["state"]) == ("/repos/harbour/shop/deployments/42/statuses", "in_progress")
    with forge(GITHUB["made before"], GITHUB["deployment status"]) as where:
        assert tell("github", where, deployment=True).remote == "31"
    with forge(GITHUB["deployment status"]) as where:
        tell("github", where, replace(SAYING, remote="42"), deployment=True)
    assert len(where.asked) == 1


def test_gitlab_is_told_of_a_deployment_which_is_made_once() -> None:
    with forge(GITLAB["deployments"], GITLAB["deployment"]) as where:
        assert tell("gitlab", where, replace(SAYING, state="running", ref="main"), deployment=True).remote == "56"
    assert where.asked[1].body == {"environment": "shop/staging", "sha": AFTER, "ref": "main", "tag": False, "status": "running"}
    with forge(GITLAB["updated"]) as where:
        tell("gitlab", where, replace(SAYING, remote="56"), deployment=True)
    assert [(asked.method, asked.path, asked.body) for asked in where.asked] == [
        ("PUT", "/projects/harbour%2Fshop/deployments/56", {"status": "success"})
    ]
    with forge(GITLAB["made before"], GITLAB["updated"]) as where:
        assert tell("gitlab", where, deployment=True).remote == "55"


def test_what_gitlab_knows_already_is_as_good_as_told() -> None:
    with forge(GITLAB["already"]) as where:
        assert tell("gitlab", where) == Told()


@pytest.mark.parametrize(
    ("kind", "answer", "words", "again"),
    [
        ("github", GITHUB["401"], "does not know our token", None),
        ("github", GITHUB["403"], "Resource not accessible", None),
        ("github", GITHUB["404"], "no such repository or commit", None),
        ("github", GITHUB["422"], "No commit found", None),
        ("github", GITHUB["429"], "asked too often", 30),
        ("github", GITHUB["403 secondary"], "asked too often", 60),
        ("github", GITHUB["403 after"], "asked too often", 90),
        ("github", GITHUB["500"], "is in trouble (502)", 0),
        ("github", GITHUB["307 elsewhere"], "another host (elsewhere.example)", None),
        ("gitlab", GITLAB["401"], "does not know our token", None),
        ("gitlab", GITLAB["403"], "does not let our token", None),
        ("gitlab", GITLAB["404"], "no such repository or commit", None),
        ("gitlab", GITLAB["422"], "sha is invalid", None),
        ("gitlab", GITLAB["429"], "asked too often", 60),
        ("github", Answer(418, {"message": "A teapot, password=hunter2hunter2"}), "answered 418: A teapot", None),
        ("github", Answer(201, b"<html>"), "answers no JSON", None),
        ("github", Answer(201, b"[" * 100_000), "answers no JSON", None),
        ("github", Answer(201, b'"' + b"x" * 2**20 + b'"'), "more than is read", None),
    ],
)
def test_every_refusal_is_told_in_words_with_when_to_ask_again(kind: str, answer: Answer, words: str, again: float | None) -> None:
    error = refused(kind, answer)
    assert words in error.message
    assert error.again == again
    assert again is not None or error.cure
    assert "hunter2" not in str(error)


def test_a_spent_limit_is_waited_for_until_its_reset() -> None:
    reset = str(int(time.time()) + 600)
    spent = replace(GITHUB["403 limit"], headers=GITHUB["403 limit"].headers | {"X-RateLimit-Reset": reset})
    error = refused("github", spent)
    assert error.again is not None
    assert 590 < error.again <= 600
    far = replace(spent, headers=spent.headers | {"X-RateLimit-Reset": str(int(time.time()) + 10**7)})
    assert refused("github", far).again == adapter.LONGEST_WAIT
    passed = replace(spent, headers=spent.headers | {"X-RateLimit-Reset": "1"})
    assert refused("github", passed).again == 1


@pytest.mark.parametrize("how", ["301", "307"])
def test_a_repository_that_moved_is_told_at_its_new_place_on_the_same_host(how: str) -> None:
    with forge(GITHUB[how], GITHUB["status"]) as where:
        told = tell("github", where)
    first, second = where.asked
    assert second.path == "/repositories/4711/statuses/x"
    assert (second.method, second.body, second.headers["Authorization"]) == ("POST", first.body, f"Bearer {TOKEN}")
    assert told.moved == f"{where.url}/repositories/4711/statuses/x"


def test_a_forge_on_another_port_is_another_host_and_gets_no_token() -> None:
    with forge(GITHUB["status"]) as other, forge(Answer(301, {}, {"Location": f"{other.url}/x"})) as where:
        with pytest.raises(ForgeError, match="another host"):
            tell("github", where)
        assert other.asked == []


def test_a_forge_that_sends_on_and_on_is_left() -> None:
    with forge(Answer(301, {}, {"Location": "FORGE/again"})) as where, pytest.raises(ForgeError, match="on and on"):
        tell("github", where)
    assert len(where.asked) == 3


def test_a_project_that_moved_at_gitlab_is_told_by_its_number() -> None:
    with forge(GITLAB["moved"], GITLAB["301"], GITLAB["project"], GITLAB["status"]) as where:
        told = tell("gitlab", where)
    assert [(asked.method, asked.path) for asked in where.asked] == [
        ("POST", f"/projects/harbour%2Fshop/statuses/{AFTER}"),
        ("GET", "/projects/harbour%2Fshop"),
        ("GET", "/projects/15"),
        ("POST", f"/projects/15/statuses/{AFTER}"),
    ]
    assert told.moved == "project 15"


def test_an_answer_that_trickles_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "DEADLINE", 0.6)
    with (
        forge(Answer(201, b'{"id": 1, "state": "pending"}', slow=0.1)) as where,
        pytest.raises(Exception, match="within") as caught,
    ):
        tell("github", where)
    assert type(caught.value).__name__ == "DeadlineExceeded"


def test_a_forge_that_is_away_or_out_of_bounds_is_told_in_words() -> None:
    with forge(GITHUB["status"]) as where:
        url = where.url
        with pytest.raises(ForgeError, match="not asked from here"):
            github.tell_commit(github.forge(url, TOKEN, False), SAYING)
    with pytest.raises(ForgeError, match="does not answer") as caught:
        github.tell_commit(github.forge(url, TOKEN, True), SAYING)
    assert caught.value.again == 0
    assert caught.value.__cause__ is not None


# The rows


@pytest.fixture
def staging(db: None) -> Environment:
    return stage("staging", "staging").environment


def wanted(environment: Environment, where: Forge, run: int = 3, **more: Any) -> ForgeStatus:
    """The row of the commit's status; the one of the deployment rests."""
    values = {"kind": "github", "secret": "k" * 32, "api_url": where.url, "api_token": TOKEN, "private": True, **more}
    source, _ = WebhookSource.objects.get_or_create(name="shop", defaults=values)
    statuses.want(source, News("push", "harbour/shop", "main", commit=AFTER), environment, run)
    ForgeStatus.objects.filter(kind="deployment").update(next_at=None)
    return ForgeStatus.objects.get(kind="commit")


def told(row: ForgeStatus) -> ForgeStatus:
    statuses.tell(row.pk)
    row.refresh_from_db()
    return row


def test_what_is_wanted_is_told_once(staging: Environment, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://timonel.example"
    with forge(GITHUB["status"]) as where:
        row = told(wanted(staging, where))
        assert (row.told, row.next_at, row.problem) == (row.wanted, None, "")
        told(row)
    assert [asked.body["target_url"] for asked in where.asked] == ["https://timonel.example/runs/3/"]


def test_the_last_state_wins_and_those_between_are_not_told(staging: Environment) -> None:
    with forge(GITHUB["status"]) as where:
        row = wanted(staging, where)
        for state in ("running", "pending", "running", "success"):
            statuses.say(row, state, f"It is {state}.", settled=state == "success")
            row.refresh_from_db()
        assert statuses.send_due() == 1
        assert statuses.send_due() == 0  # it is on its way
        told(row)
    assert [asked.body["state"] for asked in where.asked] == ["success"]


def test_the_same_again_is_no_news(staging: Environment) -> None:
    with forge(GITHUB["status"]) as where:
        row = told(wanted(staging, where))
        for _ in range(3):
            statuses.say(row, "running", "It runs.", settled=False)
            row.refresh_from_db()
        told(row)
        assert statuses.send_due() == 0
    assert [asked.body["state"] for asked in where.asked] == ["pending", "pending"]  # running is pending to GitHub


def test_what_changes_while_it_is_told_is_told_next(staging: Environment) -> None:
    with forge(GITHUB["status"]) as where:
        row = wanted(staging, where)
        ForgeStatus.objects.filter(pk=row.pk).update(told=0)
        stale = ForgeStatus.objects.select_related("source").get(pk=row.pk)
        statuses.say(row, "success", "Done.", settled=True)
        statuses._told(stale, Told())
        row.refresh_from_db()
        assert (row.told, row.wanted) == (1, 2)
        assert row.next_at is not None
        told(row)
    assert where.asked[-1].body["state"] == "success"


def test_a_forge_in_trouble_is_asked_again_later_and_later(staging: Environment) -> None:
    with forge(GITHUB["500"]) as where:
        row, waits = wanted(staging, where), []
        for _ in range(12):
            row = told(row)
            assert row.next_at is not None
            waits.append((row.next_at - timezone.now()).total_seconds())
        assert waits[0] < 6 < waits[3] < waits[6] < waits[11] <= statuses.LONGEST_RETRY
        assert "is in trouble" in row.problem
        where.answers[:] = [GITHUB["status"]]
        row = told(row)
    assert (row.told, row.attempts, row.problem, row.next_at) == (1, 0, "", None)


def test_a_limit_is_kept_to(staging: Environment) -> None:
    with forge(GITHUB["403 after"]) as where:
        row = told(wanted(staging, where))
        assert row.next_at is not None
        assert row.next_at > timezone.now() + timedelta(seconds=85)
        assert statuses.send_due() == 0


def test_what_cannot_be_told_rests_until_there_is_news(staging: Environment) -> None:
    with forge(GITHUB["401"]) as where:
        row = told(wanted(staging, where))
        assert (row.next_at, "does not know our token" in row.problem) == (None, True)
        where.answers[:] = [GITHUB["status"]]
        statuses.say(row, "running", "It runs.", settled=False)
        row.refresh_from_db()
        assert told(row).problem == ""


def test_it_is_given_up_in_the_end(staging: Environment) -> None:
    with forge(GITHUB["500"]) as where:
        row = wanted(staging, where)
        ForgeStatus.objects.filter(pk=row.pk).update(attempts=statuses.MOST_ATTEMPTS - 1)
        row.refresh_from_db()
        assert told(row).next_at is None


def test_a_move_is_noted(staging: Environment) -> None:
    with forge(GITHUB["307"], GITHUB["status"]) as where:
        assert "has moved" in told(wanted(staging, where)).note


def test_a_second_run_of_the_commit_takes_the_context_over(staging: Environment) -> None:
    with forge(GITHUB["status"]) as where:
        row = told(wanted(staging, where))
        again = wanted(staging, where, run=4)
        assert (again.pk, again.run_number, again.wanted) == (row.pk, 4, 2)


@pytest.mark.parametrize(
    "name", ["shop", "../shop/x", "harbour/../x", "harbour/shop?x", "harbour/shop#", "a b/c", "harbour/..", ""]
)
def test_a_repository_with_an_odd_name_is_not_asked_about(name: str, staging: Environment) -> None:
    source = WebhookSource.objects.create(name="shop", kind="github", secret="k" * 32, api_token=TOKEN)
    statuses.want(source, News("push", name, "main", commit=AFTER), staging, 3)
    assert not ForgeStatus.objects.exists()


def test_recorded_answers_are_of_both_forges() -> None:
    assert {"401", "403", "404", "422", "429"} <= set(forges.GITHUB) & set(forges.GITLAB)
