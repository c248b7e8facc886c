"""Pull requests at forges that are played, and a release that goes through one."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from controlplane.core.errors import OutsideError
from tests.workloads.forges import Answer, forge
from tests.workloads.test_git import commit, sh
from workloads.adapters import pull_requests
from workloads.adapters.commits import Place, Planned, Repository
from workloads.adapters.pull_requests import PullRequest
from workloads.drivers.gitops import reviewing
from workloads.drivers.gitops.committing import Home
from workloads.models import GitOpsRepository

OPEN: dict[str, Any] = {"number": 7, "html_url": "https://github.com/team/deploy/pull/7", "state": "open"}
PLANNED = Planned("Roll out v2\n\nTimonel-Change: 12\n", "run-1-apply", datetime(2026, 3, 1, tzinfo=UTC), {"web.yaml": "v: 2\n"})


def test_github_is_asked_as_it_wants_to_be() -> None:
    with forge(Answer(201, OPEN)) as played:
        place = pull_requests.door("github", "team/deploy", played.url, "token", private=True)
        found = pull_requests.open_one(place, "timonel/x", "main", "Roll out v2", "Because.")
    assert found == PullRequest(7, OPEN["html_url"])
    asked = played.asked[0]
    assert (asked.method, asked.path) == ("POST", "/repos/team/deploy/pulls")
    assert asked.body == {"title": "Roll out v2", "body": "Because.", "head": "timonel/x", "base": "main"}


def test_gitlab_is_asked_as_it_wants_to_be() -> None:
    with forge(Answer(201, {"iid": 3, "web_url": "u", "state": "opened"})) as played:
        place = pull_requests.door("gitlab", "team/deploy", played.url, "token", private=True)
        assert pull_requests.open_one(place, "timonel/x", "main", "t", "b") == PullRequest(3, "u")
        pull_requests.close(place, PullRequest(3, "u"))
    assert played.asked[0].path == "/projects/team%2Fdeploy/merge_requests" and played.asked[0].body["source_branch"] == "timonel/x"
    assert (played.asked[1].method, played.asked[1].body) == ("PUT", {"state_event": "close"})


@pytest.mark.parametrize(
    ("kind", "told", "merged", "closed"),
    [
        ("github", {"number": 1, "state": "closed", "merged": True}, True, False),
        ("github", {"number": 1, "state": "closed", "merged_at": None}, False, True),
        ("gitlab", {"iid": 1, "state": "merged"}, True, False),
        ("gitlab", {"iid": 1, "state": "closed"}, False, True),
    ],
)
def test_how_one_stands_is_read(kind: str, told: dict[str, Any], merged: bool, closed: bool) -> None:
    with forge(Answer(200, told)) as played:
        found = pull_requests.look(pull_requests.door(kind, "a/b", played.url, "t", private=True), PullRequest(1, ""))
    assert (found.merged, found.closed) == (merged, closed)


def test_the_one_that_is_there_is_found_again() -> None:
    with forge(Answer(200, [OPEN])) as played:
        found = pull_requests.find(pull_requests.door("github", "team/deploy", played.url, "t", private=True), "timonel/x")
    assert found is not None and found.number == 7 and "head=team%3Atimonel%2Fx" in played.asked[0].path


def test_the_branch_of_a_fork_that_is_named_as_ours_is_not_ours() -> None:
    fork = {"iid": 9, "web_url": "u", "state": "opened", "source_project_id": 66, "target_project_id": 5}
    ours = {"iid": 3, "web_url": "v", "state": "opened", "source_project_id": 5, "target_project_id": 5}
    with forge(Answer(200, [fork, ours])) as played:
        found = pull_requests.find(pull_requests.door("gitlab", "team/deploy", played.url, "t", private=True), "timonel/x")
    assert found == PullRequest(3, "v")


@pytest.mark.parametrize("told", [[], "x", {"number": "seven"}, {}])
def test_what_is_no_pull_request_is_an_error(told: Any) -> None:
    with forge(Answer(200, told)) as played, pytest.raises(OutsideError):
        pull_requests.look(pull_requests.door("github", "a/b", played.url, "t", private=True), PullRequest(1, ""))


class Reviewed:
    """A repository with its forge, and somebody who looks at the pull request."""

    def __init__(self, folder: Path, url: str) -> None:
        work = folder / "work"
        work.mkdir()
        sh(work, "git", "init", "-q", "-b", "main")
        commit(work, "Begin", README="x\n")
        self.work, self.bare = work, folder / "deploy.git"
        sh(folder, "git", "clone", "-q", "--bare", str(work), str(self.bare))
        sh(work, "git", "remote", "add", "origin", str(self.bare))
        row = GitOpsRepository(forge="github", forge_repository="team/deploy", api_url=url, private=True, token="t")
        self.home = Home(row, Repository(Place(str(self.bare), "main", "shop"), folder / "mirror.git"))
        self.job: Any = SimpleNamespace(
            say=lambda *_, **__: None, target=SimpleNamespace(options={"gitops": {"merge_seconds": 30}})
        )


def test_what_a_person_merges_is_found_on_the_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "LOOK_SECONDS", 0.05)
    with forge(
        Answer(200, []), Answer(201, OPEN), Answer(200, OPEN), Answer(200, {**OPEN, "state": "closed", "merged": True})
    ) as played:
        place = Reviewed(tmp_path, played.url)
        real = pull_requests.look

        def look(door: Any, request: PullRequest) -> PullRequest:
            found = real(door, request)
            if found.merged:
                sh(place.work, "git", "fetch", "-q", "origin")
                sh(place.work, "git", "merge", "-q", "--no-ff", "-m", "Merge", "origin/timonel/run-1-apply")
                sh(place.work, "git", "push", "-q", "origin", "main")
            return found

        monkeypatch.setattr(pull_requests, "look", look)
        made = reviewing.through_a_pull_request(place.job, place.home, PLANNED)
        assert made.found and sh(place.bare, "git", "show", "main:shop/web.yaml") == "v: 2"
        assert reviewing.through_a_pull_request(place.job, place.home, PLANNED).sha == made.sha  # asked again, nothing is opened


def test_what_a_person_closes_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "LOOK_SECONDS", 0.05)
    with forge(Answer(200, []), Answer(201, OPEN), Answer(200, {**OPEN, "state": "closed"})) as played:
        place = Reviewed(tmp_path, played.url)
        with pytest.raises(reviewing.NotMerged, match="closed without being merged"):
            reviewing.through_a_pull_request(place.job, place.home, PLANNED)
    assert sh(place.bare, "git", "branch", "--format=%(refname:short)") == "main"


def test_one_that_nobody_merges_in_time_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "LOOK_SECONDS", 0.05)
    with forge(Answer(200, []), Answer(201, OPEN), Answer(200, OPEN)) as played:
        place = Reviewed(tmp_path, played.url)
        place.job.target.options["gitops"]["merge_seconds"] = 0.2
        began = time.monotonic()
        with pytest.raises(reviewing.NotMerged, match="not merged within"):
            reviewing.through_a_pull_request(place.job, place.home, PLANNED)
    assert time.monotonic() - began < 10 and any(one.body == {"state": "closed"} for one in played.asked)
