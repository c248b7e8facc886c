"""What separates two commits of an application, read from its mirror within about a second: for a page that is waited for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from django.conf import settings

from controlplane.core.errors import DeadlineExceeded, OutsideError
from controlplane.core.redaction import redact
from workloads.adapters import git
from workloads.models import Application

SECONDS = 1.0
MOST_COMMITS = 100


class Unknown(StrEnum):
    """Why the history between two commits is not known."""

    NO = ""
    GONE = "gone"  # the mirror, or one of the commits, is not there any more
    SLOW = "slow"  # Git did not answer within the time a page has


@dataclass(frozen=True, slots=True)
class Subject:
    """A commit on one line, redacted."""

    sha: str
    subject: str
    author: str
    authored_at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """The commits that only the second has, those that only the first has, and the paths that differ with A, D, M or T.

    Of each side at most MOST_COMMITS, newest first; what is `unknown` is empty.
    """

    gained: tuple[Subject, ...] = ()
    lost: tuple[Subject, ...] = ()
    paths: tuple[tuple[str, str], ...] = ()
    unknown: Unknown = Unknown.NO


def mirrors() -> Path:
    """The folder of all bare repositories."""
    return Path(settings.DATA_DIR) / "mirrors"


def mirror_of(application: Application) -> Path:
    """The bare repository kept of an application."""
    return mirrors() / f"{application.pk}.git"


def between(application: Application, first: str, second: str, *, seconds: float = SECONDS) -> History:
    """What leads from the first commit to the second; never raises for what Git cannot tell."""
    mirror = mirror_of(application)
    if first == second:
        return History()
    if not mirror.exists():
        return History(unknown=Unknown.GONE)
    deadline = time.monotonic() + seconds
    try:
        return History(
            _commits(mirror, first, second, deadline),
            _commits(mirror, second, first, deadline),
            tuple((kind, redact(path)) for kind, path in git.changed_paths(mirror, first, second, seconds=_left(deadline))),
        )
    except DeadlineExceeded:
        return History(unknown=Unknown.SLOW)
    except OutsideError:
        return History(unknown=Unknown.GONE)


def _commits(mirror: Path, old: str, new: str, deadline: float) -> tuple[Subject, ...]:
    found = git.commits_between(mirror, old, new, MOST_COMMITS, seconds=_left(deadline))
    return tuple(
        Subject(commit.sha, redact(commit.message.partition("\n")[0]), redact(commit.author_name), commit.authored_at)
        for commit in found
    )


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded("Git was not asked: the time is over.")
    return left
