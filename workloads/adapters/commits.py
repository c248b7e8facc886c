"""Commits written into somebody's repository without a work tree: built from text, pushed by compare-and-swap, found again.

No hook runs and no shell is asked; credentials are told to git through its environment, where no list of processes shows them.
"""

from __future__ import annotations

import base64
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from controlplane.core.errors import Conflict, Invalid, NotFound, OutsideError
from workloads.adapters import git

NAME = re.compile(r"(?!-)(?!.*\.\.)(?!.*\.lock\Z)[\w./-]{1,200}\Z")
PATH = re.compile(r"(?!-)(?!/)[\w.@+ -]+(?:/[\w.@+ -]+)*\Z")
TRIES = 6
LOOKED_AT = 500  # commits in which ours is looked for
MOVED = re.compile(r"stale info|fetch first|non-fast-forward|\[rejected\]|cannot lock ref|failed to update ref")
WHO = "Timonel"
MAIL = "timonel@localhost"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a branch of a repository, and how to sign in there."""

    repository: str
    branch: str
    path: str
    user: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Planned:
    """What the folder shall hold: its files by name, or (`tree`) what it held before, or nothing at all.

    `base`: only where the folder holds this now; empty: whatever it holds is replaced.
    """

    message: str
    key: str  # found again by it
    at: datetime
    files: Mapping[str, str] = field(default_factory=dict)
    tree: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A commit that the branch has. `tree` is what the folder holds in it; empty where it is gone."""

    sha: str
    tree: str
    found: bool = False  # it was there already


KEY = "Timonel-Key"


@dataclass(frozen=True, slots=True)
class Repository:
    """Somebody's repository with our bare mirror of it."""

    place: Place
    mirror: Path

    def fetch(self, deadline: float) -> None:
        """Bring the mirror up to date. Raises OutsideError with the cure where the repository cannot be read."""
        git.check_address(self.place.repository)
        check_place(self.place.branch, self.place.path)
        self.mirror.parent.mkdir(parents=True, exist_ok=True)
        if not (self.mirror / "HEAD").exists():
            git.command("init", "--quiet", "--bare", str(self.mirror))
        git.command(
            "fetch", "--quiet", "--prune", "--no-tags", "--force", "--no-recurse-submodules", "--", self.place.repository,
            "+refs/heads/*:refs/remotes/origin/*", mirror=self.mirror, seconds=max(1.0, deadline - time.monotonic()),
            subject=self.place.repository, extra=self._signed_in(),
        )  # fmt: skip

    def head(self, branch: str = "") -> str:
        """The newest commit of the branch as last fetched; empty where there is no such branch."""
        return self._ask("rev-parse", "--quiet", "--verify", f"refs/remotes/origin/{branch or self.place.branch}^{{commit}}")

    def tree(self, commit: str) -> str:
        """What the folder holds in a commit, as one digest; empty where it is not there."""
        return self._ask("rev-parse", "--quiet", "--verify", f"{commit}:{self.place.path}") if commit else ""

    def knows(self, commit: str) -> bool:
        """Whether the mirror has this commit."""
        return bool(re.fullmatch(r"[0-9a-f]{40,64}", commit) and self._ask("cat-file", "-t", commit) == "commit")

    def files(self, commit: str) -> dict[str, str]:
        """The folder's files in a commit, by their names in it."""
        if not commit or not self.tree(commit):
            return {}
        told = git.command("ls-tree", "-r", "-z", "--name-only", f"{commit}:{self.place.path}", mirror=self.mirror)
        names = [name for name in told.split("\0") if name]
        return {name: git.command("cat-file", "blob", f"{commit}:{self._inside(name)}", mirror=self.mirror) for name in names}

    def find(self, key: str, branch: str = "") -> Made | None:
        """The commit that was made for this key, if the branch has it."""
        head = self.head(branch)
        if not head:
            return None
        form = f"--format=%H%x00%(trailers:key={KEY},valueonly,separator=%x2C)%x00"
        told = git.command("log", f"--max-count={LOOKED_AT}", form, head, "--", mirror=self.mirror).split("\0")
        for sha, keys in zip(told[0::2], told[1::2], strict=False):
            if key in keys.split(","):
                return Made(sha.strip(), self.tree(sha.strip()), found=True)
        return None

    def commit(self, planned: Planned, deadline: float, branch: str = "") -> Made:
        """Make the folder so, on top of whatever the branch has by now; done once for a key, however often it is asked.

        Raises Conflict where others are always faster, or made of the folder what was not planned for; OutsideError where nothing
        can be pushed.
        """
        for _ in range(TRIES):
            self.fetch(deadline)
            found = self.find(planned.key, branch)
            if found is not None and self._holds(found, planned):  # whoever may push could write our key under other content
                return found
            base = self.head(branch) or self.head()
            if not base and self._ask("for-each-ref", "--count=1", "refs/remotes/origin"):
                raise NotFound(f"The repository has no branch {self.place.branch}.", cure="Make it, or name another one.")
            if planned.base and self.tree(base) != planned.base:
                raise Conflict(f"{self.place.path} was changed meanwhile.", cure="Look at the branch, then try again.")
            sha = self._write(planned, base)
            if self._push(sha, self.head(branch), branch or self.place.branch, deadline):
                self.fetch(deadline)
                return Made(sha, self.tree(sha))
        raise Conflict(f"{self.place.branch} moved each time we were about to push.", cure="Try again.")

    def delete(self, branch: str, deadline: float) -> None:
        """Remove a branch of ours that is wanted no more; one that is gone already is well."""
        if self.head(branch):
            self._push("", self.head(branch), branch, deadline)

    def _holds(self, made: Made, planned: Planned) -> bool:
        """Whether the folder of a commit is what was planned."""
        return made.tree == planned.tree if planned.tree else self.files(made.sha) == dict(planned.files)

    def _write(self, planned: Planned, base: str) -> str:
        """The commit, into the mirror. The same inputs on the same base make the same commit."""
        with tempfile.TemporaryDirectory(prefix="timonel-index-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index"), "GIT_WORK_TREE": folder}
            if base:
                git.command("read-tree", base, mirror=self.mirror, extra=index)
                gone = git.command("ls-tree", "-r", "-z", "--name-only", base, "--", self.place.path, mirror=self.mirror)
                git.command(
                    "update-index", "--force-remove", "-z", "--stdin", mirror=self.mirror, extra=index, given=gone, cwd=Path(folder)
                )
            if planned.tree:
                git.command("read-tree", f"--prefix={self.place.path}/", planned.tree, mirror=self.mirror, extra=index)
            lines = "".join(
                f"100644 {self._blob(content)}\t{self._inside(name)}\0" for name, content in sorted(planned.files.items())
            )
            git.command(
                "update-index", "-z", "--add", "--index-info", mirror=self.mirror, extra=index, given=lines, cwd=Path(folder)
            )
            tree = git.command("write-tree", mirror=self.mirror, extra=index).strip()
        when = f"{int(planned.at.astimezone(UTC).timestamp())} +0000"
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", WHO), ("EMAIL", MAIL), ("DATE", when))
        }
        parent = ["-p", base] if base else []
        message = f"{planned.message.rstrip()}\n{KEY}: {planned.key}\n"
        return git.command("commit-tree", tree, *parent, mirror=self.mirror, extra=who, given=message).strip()

    def _push(self, sha: str, expected: str, branch: str, deadline: float) -> bool:
        """Whether the branch went from what was expected to this commit; False where somebody else moved it."""
        name = f"refs/heads/{branch}"
        if not NAME.match(branch):
            raise Invalid(f"{branch!r} is no branch.")
        try:
            git.command(
                "push", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no",
                f"--force-with-lease={name}:{expected}", "--", self.place.repository, f"{sha}:{name}",
                mirror=self.mirror, seconds=max(1.0, deadline - time.monotonic()), subject=self.place.repository,
                extra=self._signed_in(),
            )  # fmt: skip
        except OutsideError as error:
            if MOVED.search(error.message):
                return False
            raise
        return True

    def _blob(self, content: str) -> str:
        return git.command("hash-object", "-w", "--stdin", mirror=self.mirror, given=content).strip()

    def _inside(self, name: str) -> str:
        """The file's path in the repository."""
        if _unsafe(name):
            raise Invalid(f"{name!r} is no name of a file.")
        return f"{self.place.path}/{name}"

    def _ask(self, *words: str) -> str:
        return git.command(*words, mirror=self.mirror, check=False).strip()

    def _signed_in(self) -> dict[str, str]:
        """The Authorization for this server alone, where there is a token."""
        parts = urlsplit(self.place.repository)
        if not self.place.token or parts.scheme not in {"https", "http"}:
            return {}
        coded = base64.b64encode(f"{self.place.user or 'timonel'}:{self.place.token}".encode()).decode()
        origin = f"http.{parts.scheme}://{parts.netloc}/.extraHeader"
        return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": origin, "GIT_CONFIG_VALUE_0": f"Authorization: Basic {coded}"}


def check_place(branch: str, path: str) -> None:
    """Raise Invalid for what is no branch, or no folder inside of a repository."""
    if not NAME.match(branch) or _unsafe(path):
        raise Invalid("The branch or the path in the repository is none.", cure="Use letters, digits, dots, hyphens and slashes.")


def _unsafe(path: str) -> bool:
    return not PATH.match(path) or any(part in {".", "..", ".git"} for part in path.split("/"))
