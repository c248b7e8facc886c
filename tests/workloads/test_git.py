"""Git as it really is: mirrors, names, exports."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from controlplane.core.errors import Invalid, NotFound, OutsideError
from workloads.adapters import git


def sh(folder: Path, *command: str) -> str:
    who = {
        "GIT_AUTHOR_NAME": "Alice",
        "GIT_AUTHOR_EMAIL": "alice@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **who}
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, message: str, **files: str) -> str:
    for name, text in files.items():
        (folder / name).write_text(text)
    sh(folder, "git", "add", "-A")
    sh(folder, "git", "commit", "-q", "-m", message)
    return sh(folder, "git", "rev-parse", "HEAD")


def soon() -> float:
    return time.monotonic() + 60


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = tmp_path / "origin"
    folder.mkdir()
    sh(folder, "git", "init", "-q", "-b", "trunk")
    commit(folder, "first", a="1")
    sh(folder, "git", "tag", "v1")
    return folder


@pytest.fixture
def mirror(origin: Path, tmp_path: Path) -> Path:
    git.clone_or_fetch(str(origin), tmp_path / "mirrors" / "7.git", deadline=soon())
    return tmp_path / "mirrors" / "7.git"


def test_head_tag_branch_and_short_id_name_the_same_commit(origin: Path, mirror: Path) -> None:
    sha = sh(origin, "git", "rev-parse", "HEAD")
    assert {git.resolve(mirror, ref).sha for ref in ("HEAD", "v1", "trunk", sha, sha[:8])} == {sha}


def test_a_commit_tells_its_author_and_time(mirror: Path) -> None:
    found = git.resolve(mirror, "HEAD")
    assert (found.author_name, found.author_email, found.message) == ("Alice", "alice@example.org", "first")
    assert found.authored_at.tzinfo is not None


def test_fetching_again_follows_a_moved_and_a_deleted_branch(origin: Path, mirror: Path) -> None:
    sh(origin, "git", "checkout", "-q", "-b", "other")
    new = commit(origin, "second", b="2")
    sh(origin, "git", "branch", "-q", "-D", "trunk")
    git.clone_or_fetch(str(origin), mirror, deadline=soon())
    assert git.resolve(mirror, "HEAD").sha == new
    with pytest.raises(NotFound, match="other"):
        git.resolve(mirror, "trunk")


def test_a_rewritten_branch_is_followed(origin: Path, mirror: Path) -> None:
    sh(origin, "git", "commit", "-q", "--amend", "-m", "rewritten")
    git.clone_or_fetch(str(origin), mirror, deadline=soon())
    assert git.resolve(mirror, "trunk").message == "rewritten"


def test_export_writes_files_and_no_git(origin: Path, mirror: Path, tmp_path: Path) -> None:
    git.export(mirror, git.resolve(mirror, "HEAD").sha, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_files_marked_export_ignore_are_exported_all_the_same(origin: Path, mirror: Path, tmp_path: Path) -> None:
    sha = commit(origin, "tests are not in archives", **{".gitattributes": "tests.py export-ignore\n", "tests.py": "x"})
    git.clone_or_fetch(str(origin), mirror, deadline=soon())
    git.export(mirror, sha, tmp_path / "out")
    assert (tmp_path / "out" / "tests.py").exists()


def test_links_that_leave_the_folder_are_not_exported(origin: Path, mirror: Path, tmp_path: Path) -> None:
    (origin / "outside").symlink_to("/etc/passwd")
    (origin / "inside").symlink_to("a")
    sha = commit(origin, "links")
    git.clone_or_fetch(str(origin), mirror, deadline=soon())
    git.export(mirror, sha, tmp_path / "out")
    assert not (tmp_path / "out" / "outside").is_symlink()
    assert (tmp_path / "out" / "inside").read_text() == "1"


def test_changed_files_and_commits_between(origin: Path, mirror: Path) -> None:
    old = git.resolve(mirror, "v1").sha
    new = commit(origin, "second", a="2", b="2")
    git.clone_or_fetch(str(origin), mirror, deadline=soon())
    assert git.changed_files(mirror, old, new) == ["a", "b"]
    assert [found.message for found in git.commits_between(mirror, old, new)] == ["second"]


@pytest.mark.parametrize("address", ["--upload-pack=touch /tmp/x", "ext::sh -c id", "/no/such/folder"])
def test_an_address_that_is_none_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        git.clone_or_fetch(address, tmp_path / "m.git", deadline=soon())


def test_a_folder_without_git_says_so(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="Check the address"):
        git.clone_or_fetch(str(tmp_path), tmp_path / "m.git", deadline=soon())


@pytest.mark.parametrize("ref", ["--help", "a b", "HEAD~1", ""])
def test_a_name_that_is_none_is_refused(ref: str, mirror: Path) -> None:
    with pytest.raises(Invalid):
        git.resolve(mirror, ref)


def test_text_is_found_line_by_line_as_it_is_and_not_as_a_pattern(origin: Path, tmp_path: Path) -> None:
    commit(origin, "two", **{"b.txt": "one\nA.*b here\nlast a.*B\n", "-e": "a.*b"})
    mirror = tmp_path / "other.git"
    git.clone_or_fetch(str(origin), mirror, deadline=soon())
    sha = git.resolve(mirror, "HEAD").sha
    hits = git.grep(mirror, sha, "a.*b", most=10)
    assert [(hit.path, hit.line, hit.text) for hit in hits] == [
        ("-e", 1, "a.*b"),
        ("b.txt", 2, "A.*b here"),
        ("b.txt", 3, "last a.*B"),
    ]
    assert git.grep(mirror, sha, "a.*b", "b.txt", most=1) == hits[1:2]
    assert git.grep(mirror, sha, "--open-files-in-pager=touch /tmp/x", most=5) == []


def test_one_file_of_a_commit_is_read_and_nothing_else(mirror: Path) -> None:
    sha = git.resolve(mirror, "HEAD").sha
    assert git.content(mirror, sha, "a") == "1"
    assert git.paths(mirror, sha, ["*", "x/*"]) == ["a"]
    for no_file in ("b", "", "../a", "a/b"):
        with pytest.raises(NotFound):
            git.content(mirror, sha, no_file)
