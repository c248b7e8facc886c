"""Commits into somebody's repository: a real git, a real remote, others who push at the same time."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controlplane.core.errors import Conflict, Invalid, NotFound, OutsideError
from tests.workloads.test_git import commit, sh
from workloads.adapters.commits import Place, Planned, Repository

AT = datetime(2026, 3, 1, tzinfo=UTC)
MESSAGE = "Roll out v2 of shop in staging\n\nTimonel-Change: 12\n"


def soon() -> float:
    return time.monotonic() + 60


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository with one commit, which holds somebody else's file, and a hook that must never run here."""
    work, bare = tmp_path / "work", tmp_path / "deployments.git"
    work.mkdir()
    sh(work, "git", "init", "-q", "-b", "main")
    (work / "other").mkdir()
    (work / "other" / "a.yaml").write_text("a: 1\n")
    commit(work, "Begin", README="Theirs.\n")
    sh(tmp_path, "git", "clone", "-q", "--bare", str(work), str(bare))
    return bare


@pytest.fixture
def ours(remote: Path, tmp_path: Path) -> Repository:
    return Repository(Place(str(remote), "main", "apps/shop"), tmp_path / "mirror.git")


def planned(key: str = "run-1-apply", **files: str) -> Planned:
    return Planned(MESSAGE, key, AT, {f"{name}.yaml": text for name, text in (files or {"web": "v: 1\n"}).items()})


def test_the_folder_becomes_what_is_planned_and_nothing_else_changes(ours: Repository, remote: Path) -> None:
    ours.commit(planned(web="v: 1\n", gone="x: 1\n"), soon())
    made = ours.commit(planned("run-2-apply", web="v: 2\n"), soon())
    assert sh(remote, "git", "ls-tree", "-r", "--name-only", "main").splitlines() == [
        "README",
        "apps/shop/web.yaml",
        "other/a.yaml",
    ]
    assert sh(remote, "git", "show", "main:apps/shop/web.yaml") == "v: 2"
    assert sh(remote, "git", "rev-parse", "main") == made.sha and sh(remote, "git", "rev-parse", "main:apps/shop") == made.tree


def test_its_message_names_the_change_and_the_key(ours: Repository, remote: Path) -> None:
    ours.commit(planned(), soon())
    told = sh(
        remote,
        "git",
        "log",
        "-1",
        "--format=%B%(trailers:key=Timonel-Change,valueonly)%(trailers:key=Timonel-Key,valueonly)",
        "main",
    )
    assert told.startswith("Roll out v2 of shop in staging\n") and told.endswith("12\nrun-1-apply")
    assert (
        sh(remote, "git", "log", "-1", "--format=%an %aI %cI", "main")
        == "Timonel 2026-03-01T00:00:00+00:00 2026-03-01T00:00:00+00:00"
    )


def test_asked_twice_it_is_committed_once(ours: Repository, remote: Path, tmp_path: Path) -> None:
    first = ours.commit(planned(), soon())
    again = Repository(ours.place, tmp_path / "another-worker.git").commit(planned(), soon())
    assert again.found and again.sha == first.sha
    assert sh(remote, "git", "rev-list", "--count", "main") == "2"


def test_our_key_under_somebody_elses_content_is_not_taken_for_ours(ours: Repository, remote: Path, tmp_path: Path) -> None:
    theirs = Repository(ours.place, tmp_path / "mallory.git")
    forged = theirs.commit(planned(web="image: miner\n"), soon())
    made = ours.commit(planned(web="v: 1\n"), soon())
    assert made.sha != forged.sha and not made.found
    assert sh(remote, "git", "show", "main:apps/shop/web.yaml") == "v: 1"


def test_a_commit_that_was_made_and_not_pushed_is_the_same_one_later(ours: Repository) -> None:
    """Killed between writing and pushing, the next worker writes the same bytes."""
    ours.fetch(soon())
    head = ours.head()
    assert ours._write(planned(), head) == ours._write(planned(), head)


def test_somebody_else_who_is_faster_is_kept(
    ours: Repository, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    sh(tmp_path, "git", "clone", "-q", str(remote), str(clone))
    pushes: list[bool] = []
    real = Repository._push

    def raced(self: Repository, sha: str, expected: str, branch: str, deadline: float) -> bool:
        if not pushes:
            commit(clone, "Faster", README="Theirs again.\n")
            sh(clone, "git", "push", "-q")
        pushes.append(real(self, sha, expected, branch, deadline))
        return pushes[-1]

    monkeypatch.setattr(Repository, "_push", raced)
    ours.commit(planned(), soon())
    assert pushes == [False, True]
    assert (
        sh(remote, "git", "show", "main:README") == "Theirs again."
        and sh(remote, "git", "show", "main:apps/shop/web.yaml") == "v: 1"
    )


def test_who_is_always_late_says_so(ours: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Repository, "_push", lambda *_: False)
    with pytest.raises(Conflict, match="moved each time"):
        ours.commit(planned(), soon())


def test_many_at_once_all_get_through(remote: Path, tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        place = Place(str(remote), "main", f"apps/app{number}")
        try:
            Repository(place, tmp_path / f"mirror{number}.git").commit(planned(f"key-{number}"), soon())
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sh(remote, "git", "rev-list", "--count", "main") == "5"


def test_what_was_there_before_returns_as_it_was(ours: Repository, remote: Path) -> None:
    first = ours.commit(planned(web="v: 1\n", more="m: 1\n"), soon())
    ours.commit(planned("two", web="v: 2\n"), soon())
    back = ours.commit(Planned("Revert\n\nTimonel-Change: 13\n", "back", AT, tree=first.tree), soon())
    assert back.tree == first.tree and ours.files(back.sha) == {"web.yaml": "v: 1\n", "more.yaml": "m: 1\n"}
    ours.commit(Planned("Revert all\n\nTimonel-Change: 14\n", "away", AT), soon())
    assert "apps" not in sh(remote, "git", "ls-tree", "--name-only", "main")


def test_another_branch_is_made_where_a_pull_request_needs_one(ours: Repository, remote: Path) -> None:
    made = ours.commit(planned(), soon(), "timonel/change-12")
    assert sh(remote, "git", "rev-parse", "timonel/change-12") == made.sha
    assert ours.find("run-1-apply") is None and ours.find("run-1-apply", "timonel/change-12") is not None
    ours.delete("timonel/change-12", soon())
    assert sh(remote, "git", "branch", "--format=%(refname:short)") == "main"


def test_an_empty_repository_gets_its_first_commit(tmp_path: Path) -> None:
    bare = tmp_path / "empty.git"
    sh(tmp_path, "git", "init", "-q", "--bare", "-b", "main", str(bare))
    Repository(Place(str(bare), "main", "shop"), tmp_path / "mirror.git").commit(planned(), soon())
    assert sh(bare, "git", "show", "main:shop/web.yaml") == "v: 1"


def test_a_branch_that_is_not_there_is_told(remote: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no branch"):
        Repository(Place(str(remote), "production", "shop"), tmp_path / "mirror.git").commit(planned(), soon())


@pytest.mark.parametrize("path", ["", "/etc", "../x", "a/../b", ".git/hooks", "-x", ":(top)a", "a\nb", "a//b"])
def test_a_path_that_is_more_than_one_is_refused(remote: Path, tmp_path: Path, path: str) -> None:
    with pytest.raises(Invalid):
        Repository(Place(str(remote), "main", path), tmp_path / "mirror.git").commit(planned(), soon())


@pytest.mark.parametrize("branch", ["", "-x", "a..b", "a b", "x.lock", "a~1"])
def test_a_branch_that_is_no_name_is_refused(remote: Path, tmp_path: Path, branch: str) -> None:
    with pytest.raises((Invalid, NotFound)):
        Repository(Place(str(remote), branch, "shop"), tmp_path / "mirror.git").commit(planned(), soon())


def test_the_token_is_told_to_one_server_and_shown_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place("https://git.example.org/team/deploy.git", "main", "shop", "dan", "hunter2-token")
    ours = Repository(place, tmp_path / "mirror.git")
    told = ours._signed_in()
    assert told["GIT_CONFIG_KEY_0"] == "http.https://git.example.org/.extraHeader" and "hunter2" not in repr(place)
    words: list[str] = []

    def run(command: list[str], **_: object) -> None:
        words.extend(command)
        raise OSError

    monkeypatch.setattr("workloads.adapters.git.subprocess.run", run)
    with pytest.raises(OutsideError):
        ours.fetch(soon())
    assert not any("hunter2" in word for word in words)
    assert Repository(Place("/srv/git/x.git", "main", "a", "dan", "t"), tmp_path)._signed_in() == {}
