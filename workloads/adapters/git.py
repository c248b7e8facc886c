"""Git: a bare mirror of a repository, commits named exactly, sources exported as plain files."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controlplane.core.errors import DeadlineExceeded, Invalid, NotFound, OutsideError
from controlplane.core.redaction import redact

REMOTE_HEAD = "refs/timonel/head"
REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", f"+HEAD:{REMOTE_HEAD}")
SHA = re.compile(r"^[0-9a-f]{7,64}$")
LOCAL_SECONDS = 120.0
COMMIT = "%H%x00%an%x00%ae%x00%aI%x00%T%x00%B"
FIELDS = 6  # of COMMIT
LONGEST_LINE = 400  # characters
LARGEST_TEXT = 1024 * 1024  # bytes
# Of our own environment git gets what it needs to sign in with, and no more.
PASSED_ON = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "SSH_AUTH_SOCK",
    "GIT_SSH_COMMAND",
    "SSL_CERT_FILE",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. `tree` is the digest of its content: equal trees are equal sources."""

    sha: str
    author_name: str
    author_email: str
    authored_at: datetime
    message: str
    tree: str


def clone_or_fetch(repository: str, mirror: Path, *, deadline: float) -> None:
    """Bring the mirror up to date with the repository; `deadline` is a time of time.monotonic().

    Several callers at once are well: they take turns.
    """
    check_address(repository)
    mirror.parent.mkdir(parents=True, exist_ok=True)
    with _turn(mirror, deadline):
        if not (mirror / "HEAD").exists():
            _git("init", "--quiet", "--bare", str(mirror))
        address = str(Path(repository).resolve()) if Path(repository).exists() else repository
        try:
            _fetch(address, mirror, deadline, repository)
        except _Incomplete:
            _take_as_it_is(Path(address), mirror)


class _Incomplete(OutsideError):
    """The repository lacks objects that its commits name, as partial copies do."""


def _fetch(address: str, mirror: Path, deadline: float, repository: str) -> None:
    _git(
        "fetch", "--quiet", "--prune", "--no-tags", "--force", "--no-recurse-submodules", "--", address, *REFSPECS,
        mirror=mirror, seconds=max(deadline - time.monotonic(), 1), subject=repository,
    )  # fmt: skip


def resolve(mirror: Path, ref: str) -> Commit:
    """The commit a tag, a branch, a (short) commit id or HEAD names; NotFound says what there is instead."""
    for name in _candidates(ref):
        found = _git("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}", mirror=mirror, check=False)
        if found:
            return _commit(mirror, found.strip())
    known = _git(
        "for-each-ref", "--count=12", "--sort=-creatordate", "--format=%(refname:short)", "refs/tags", "refs/heads", mirror=mirror
    )
    raise NotFound(
        f"The repository has no tag, branch or commit {ref!r}.",
        cure=f"It has: {', '.join(known.split())}." if known.strip() else "The repository has no commits yet: push one first.",
    )


def export(mirror: Path, commit: str, into: Path) -> list[str]:
    """Write the files of the commit, plain: no .git, no submodules, no symbolic link that leaves the folder.

    Returns the paths that could not be written because the repository lacks their content.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="timonel-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index"), "GIT_WORK_TREE": str(into.resolve())}
        _git("read-tree", "--end-of-options", commit, mirror=mirror, extra=index)
        absent = _without_content(mirror, commit)
        if absent:
            _git("update-index", "--force-remove", "-z", "--stdin", mirror=mirror, extra=index, given="\0".join(absent))
        _git("checkout-index", "--all", "--force", mirror=mirror, extra=index, cwd=into)
    _drop_leaving_links(into.resolve())
    return absent


def changed_files(mirror: Path, old: str, new: str, *, seconds: float = LOCAL_SECONDS) -> list[str]:
    """The paths that differ between two commits."""
    return [path for _, path in changed_paths(mirror, old, new, seconds=seconds)]


def changed_paths(mirror: Path, old: str, new: str, *, seconds: float = LOCAL_SECONDS) -> list[tuple[str, str]]:
    """The paths that differ between two commits, each with A (added), D (deleted), M (modified) or T (another type)."""
    told = _git("diff", "--name-status", "-z", "--no-renames", "--end-of-options", old, new, mirror=mirror, seconds=seconds).split(
        "\0"
    )
    return list(zip(told[0::2], told[1::2], strict=False))


def commits_between(mirror: Path, old: str, new: str, limit: int = 200, *, seconds: float = LOCAL_SECONDS) -> list[Commit]:
    """The commits that `new` has and `old` has not, newest first."""
    told = _git(
        "log", "-z", "--no-notes", f"--max-count={limit}", f"--format={COMMIT}", "--end-of-options", new, f"^{old}",
        mirror=mirror, seconds=seconds,
    ).split("\0")  # fmt: skip
    whole = len(told) - len(told) % FIELDS
    return [_read_commit(told[at : at + FIELDS]) for at in range(0, whole, FIELDS)]


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of a file that holds what was looked for."""

    path: str
    line: int
    text: str


def grep(mirror: Path, commit: str, text: str, under: str = "", *, most: int, seconds: float = LOCAL_SECONDS) -> list[Hit]:
    """The first `most` lines of the commit's text files below `under` that hold exactly this text, whatever its case."""
    told = _git(
        "grep", "-n", "-z", "-I", "-i", "--fixed-strings", f"--max-count={most}", "--no-color", "-e", text,
        _sha(commit), "--", *([f":(literal){under}"] if under else []), mirror=mirror, seconds=seconds, check=False,
    )  # fmt: skip
    fields = [line.split("\0", 2) for line in told.split("\n") if line.count("\0") >= 2][:most]
    return [Hit(path.partition(":")[2], int(number), line[:LONGEST_LINE]) for path, number, line in fields]


def content(mirror: Path, commit: str, path: str, *, seconds: float = LOCAL_SECONDS) -> str:
    """The text of one file of the commit; NotFound where there is no such file, or none that is text and of a bearable size."""
    name = f"{_sha(commit)}:{path}"
    size = _git("cat-file", "-s", name, mirror=mirror, seconds=seconds, check=False).strip()
    kind = _git("cat-file", "-t", name, mirror=mirror, seconds=seconds, check=False).strip()
    if kind != "blob" or int(size or 0) > LARGEST_TEXT:
        raise NotFound(f"The commit has no file {path}, or one too large to read.", cure="Name a file as a search shows it.")
    found = _git("cat-file", "blob", name, mirror=mirror, seconds=seconds)
    if "\0" in found:
        raise NotFound(f"{path} is no text.")
    return found


def paths(mirror: Path, commit: str, patterns: Sequence[str], *, seconds: float = LOCAL_SECONDS) -> list[str]:
    """The paths of the commit's files that fit one of these patterns (`*` stays in its folder), in order."""
    told = _git("ls-tree", "-r", "-z", "--name-only", "--end-of-options", commit, mirror=mirror, seconds=seconds)
    wanted = [re.compile(re.escape(pattern).replace(r"\*", "[^/]*") + r"\Z") for pattern in patterns]
    return [path for path in told.split("\0") if path and any(fits.match(path) for fits in wanted)]


def _sha(commit: str) -> str:
    """The commit, where an option could not be told from it."""
    if not SHA.match(commit):
        raise Invalid(f"{commit!r} is no commit.")
    return commit


def _candidates(ref: str) -> list[str]:
    if not ref or ref.startswith("-") or any(c in ref for c in "\0\n ~^:?*["):
        raise Invalid(f"{ref!r} is not the name of a tag, a branch or a commit.", cure="Use one as `git log` shows it.")
    if ref == "HEAD":
        return [REMOTE_HEAD]
    return [f"refs/tags/{ref}", f"refs/heads/{ref}", *([ref] if SHA.match(ref) else [])]


def _commit(mirror: Path, sha: str) -> Commit:
    shown = _git("show", "--no-patch", "--no-notes", f"--format={COMMIT}", "--end-of-options", sha, mirror=mirror)
    return _read_commit(shown.split("\0", FIELDS - 1))


def _read_commit(fields: Sequence[str]) -> Commit:
    full, name, email, at, tree, message = fields
    return Commit(full, name, email, datetime.fromisoformat(at), message.strip(), tree)


def check_address(repository: str) -> None:
    """Raise Invalid for what is no address that git is given."""
    if repository.startswith("-") or "::" in repository:
        raise Invalid(f"{repository!r} is not a Git address.", cure="Use https://, ssh://, git@host:path, or a folder.")
    if "://" not in repository and not re.match(r"^[\w.-]+@[\w.-]+:", repository) and not Path(repository).exists():
        raise Invalid(
            f"There is no folder {repository}.", cure="Give an existing folder, or a Git address with https:// or ssh://."
        )


def _take_as_it_is(repository: Path, mirror: Path) -> None:
    """Copy objects and names of a local repository that cannot be fetched because something in it is missing."""
    origin = next((place for place in (repository / ".git", repository) if (place / "objects").is_dir()), None)
    if origin is None:
        raise OutsideError(f"{redact(str(repository))} lacks some of its own objects.", cure="Clone it again, whole.")
    shutil.copytree(origin / "objects", mirror / "objects", dirs_exist_ok=True)
    named = _git("for-each-ref", "--format=update %(refname) %(objectname)", "refs/heads", "refs/tags", mirror=origin)
    head = _git("rev-parse", "HEAD", mirror=origin).strip()
    _git("update-ref", "--stdin", mirror=mirror, given=f"{named}update {REMOTE_HEAD} {head}\n")


def _without_content(mirror: Path, commit: str) -> list[str]:
    """Paths whose content the mirror does not have."""
    entries = [line.split("\t", 1) for line in _git("ls-tree", "-r", "-z", commit, mirror=mirror).split("\0") if line]
    blobs = [(fields.split()[2], path) for fields, path in entries if fields.split()[1] == "blob"]
    known = _git(
        "cat-file", "--batch-check=%(objectname)", "--buffer", mirror=mirror, given="\n".join(sha for sha, _ in blobs) + "\n"
    )
    missing = {line.split()[0] for line in known.splitlines() if line.endswith("missing")}
    return [path for sha, path in blobs if sha in missing]


def _drop_leaving_links(root: Path) -> None:
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder) / name
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                path.unlink()


@contextlib.contextmanager
def _turn(mirror: Path, deadline: float) -> Iterator[None]:
    with mirror.with_suffix(".lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise DeadlineExceeded("Another fetch of this repository is still running.", cure="Try again.") from error
                time.sleep(0.1)
        yield


def command(
    *arguments: str,
    mirror: Path | None = None,
    seconds: float = LOCAL_SECONDS,
    extra: dict[str, str] | None = None,
    check: bool = True,
    subject: str = "",
    cwd: Path | None = None,
    given: str = "",
) -> str:
    """Run git with these arguments (never a shell) and return what it says; without `check`, nothing where it failed.

    Raises OutsideError with git's own words, DeadlineExceeded after `seconds`.
    """
    words = ["git", *_settings(), *([f"--git-dir={mirror}"] if mirror else []), *arguments]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=_environment() | (extra or {}),
            input=given.encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DeadlineExceeded(
            f"git {arguments[0]} did not finish in {seconds:.0f} s.", cure="Is the repository reachable?"
        ) from error
    except OSError as error:
        raise OutsideError("git could not be started.", cure="Install git.") from error
    if done.returncode and check:
        raise _failure(arguments[0], subject, redact(done.stderr.decode("utf-8", "replace").strip()))
    return done.stdout.decode("utf-8", "replace") if not done.returncode else ""


_git = command


def _settings() -> list[str]:
    """Git for other people's repositories: no hooks, no helper programs from an address, no large-file filters."""
    values = [
        "core.hooksPath=/dev/null",
        "protocol.ext.allow=never",
        "core.symlinks=true",
        "gc.auto=0",
        "advice.detachedHead=false",
    ]
    values += ["filter.lfs.smudge=", "filter.lfs.process=", "filter.lfs.required=false", "core.autocrlf=false"]
    return [word for value in values for word in ("-c", value)]


def _environment() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed_on | {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_CONFIG_GLOBAL": str(_own_configuration())}


def _own_configuration() -> Path:
    """The person's own Git configuration (credentials, proxies), and leave to read folders of other owners."""
    path = Path(tempfile.gettempdir()) / f"timonel-{os.getuid()}.gitconfig"
    wanted = f"[include]\n\tpath = {Path.home()}/.gitconfig\n[safe]\n\tdirectory = *\n"
    if not path.exists() or path.stat().st_uid != os.getuid() or path.read_text() != wanted:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(wanted)
        Path(file.name).replace(path)
    return path


def _failure(verb: str, subject: str, said: str) -> OutsideError:
    cure = ""
    if re.search(r"unable to read [0-9a-f]{40}|repository corruption|missing blob|bad object|did not send all necessary", said):
        return _Incomplete(f"{redact(subject)} lacks some of its own objects.", cure="Clone it again, whole.")
    if re.search(r"could not read Username|Authentication failed|Permission denied \(publickey", said):
        cure = "It needs a sign-in: set up a Git credential or an SSH key for the user Timonel runs as."
    elif re.search(r"not found|does not exist|does not appear to be a git repository|couldn't find remote ref HEAD", said):
        cure = "Check the address; an empty repository needs a first commit."
    elif re.search(r"Could not resolve host|Connection (refused|timed out)|unable to access", said):
        cure = "The host cannot be reached from here; check the network, or clone it and give the folder."
    return OutsideError(f"git {verb}{f' of {redact(subject)}' if subject else ''} failed: {said[-600:]}", cure=cure)
