"""The sample application as a Git repository: base and overlays of deploy/sample/ become commits with tags v1 to v5."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from controlplane.core.errors import Invalid
from workloads.adapters import fast_import
from workloads.adapters.fast_import import File, PlannedCommit

AUTHOR = "Marina Duarte <marina@harbour.example>"
FIRST_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BRANCH, GOOD = "main", "v2"
LEFT_BY_RUNNING = {"__pycache__", "staticfiles", "db.sqlite3", "celerybeat-schedule", ".venv", ".ruff_cache", ".mypy_cache"}


@dataclass(frozen=True, slots=True)
class Version:
    """One version: the folder of what differs, and what it sits on."""

    tag: str
    parent: str
    folder: str
    message: str


VERSIONS = (
    Version("v1", "", "base", "Keep the harbour's logbook\n\nBerths, vessels, visits, and a watch written every minute."),
    Version("v2", "v1", "v2", "Say when the pilot boards\n\nThe new column may be empty, so version 1 keeps working beside it."),
    Version("v3", "v2", "v3", "Have the style sheet fetched early"),
    Version("v4", "v2", "v4", "Let bow and stern stand out beyond the berth"),
    Version("v5", "v2", "v5", "Call the depth of a berth its draught limit everywhere"),
)


def materialise(folder: Path) -> Path:
    """Make the repository in the folder, or bring the tags of the one that is there up to date; return the folder.

    `main` is the last good version. The hashes are the same everywhere. A work tree that exists is left alone, with
    whatever a person has changed or committed in it. Raises Invalid when the folder holds something else.
    """
    if (folder / ".git").is_dir():
        fast_import.write(folder, commits())
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise Invalid(f"{folder} is not empty and not a Git repository.", cure="Give an empty folder, or one that does not exist.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".sample-", dir=folder.parent) as temporary:
        whole = Path(temporary) / "repository"
        fast_import.create(whole, commits(), branch=BRANCH, at_tag=GOOD)
        whole.replace(folder)  # nobody sees half a repository
    return folder


def commits() -> list[PlannedCommit]:
    """The versions as whole commits, in order."""
    made: dict[str, PlannedCommit] = {}
    for day, version in enumerate(VERSIONS):
        before = made[version.parent].files if version.parent else {}
        files = {**before, **_files(settings.BASE_DIR / "deploy" / "sample" / version.folder)}
        at = FIRST_DAY + timedelta(days=day)
        made[version.tag] = PlannedCommit(version.tag, version.parent, version.message + "\n", AUTHOR, at, files)
    return list(made.values())


def _files(folder: Path) -> dict[str, File]:
    found = (path for path in folder.rglob("*") if path.is_file() and not LEFT_BY_RUNNING & set(path.relative_to(folder).parts))
    return {path.relative_to(folder).as_posix(): File(path.read_bytes(), executable=path.name == "manage.py") for path in found}
