"""Check out: the source of one commit, in a folder of the run."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections

from agents.context import Context
from workloads import image_builds, refs
from workloads.adapters import git
from workloads.adapters.git import Commit
from workloads.evidence import Assessment, Evidence
from workloads.history import mirror_of
from workloads.models import Application, Environment
from workloads.source.project import Project
from workloads.source.understand import understand
from workloads.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Ground:
    """What every later step stands on: the environment, the commit, its files and what was understood of them."""

    environment: Environment
    source: Path
    project: Project
    commit: Commit

    @property
    def application(self) -> Application:
        """The environment's application."""
        return self.environment.application

    @property
    def folder(self) -> Path:
        """Where manage.py is."""
        return self.source / self.project.folder


def checkout(context: Context, ref: str) -> Assessment:
    """Fetch the repository, find the commit, write its files, understand them."""
    environment = environment_of(context)
    application = environment.application
    context.say(f"Fetching {application.repository}")
    close_old_connections()
    git.clone_or_fetch(application.repository, mirror_of(application), deadline=context.deadline)
    clear(context.run)  # an attempt before this one may have seen the ref elsewhere
    found = ground(context, git.resolve(mirror_of(application), ref).sha)
    commit, project = found.commit, found.project
    asked, is_now = refs.readable(ref), refs.short(commit.sha)
    named = is_now if asked == is_now else f"{asked} is {is_now}"
    summary = f"{named}: {commit.message.splitlines()[0] if commit.message else 'no message'}"
    told = Evidence(
        "Commit", "json", {"commit": commit.sha, "author": commit.author_name, "authored_at": commit.authored_at.isoformat()}
    )
    notes = Evidence("What was understood", "text", "\n".join(project.notes) or "Nothing odd.")
    return Assessment(Verdict.PASSED, summary, evidence=(told, notes), data={"commit": commit.sha})


def ground(context: Context, commit: str) -> Ground:
    """The files of the commit; written again if they are not on this machine. Several may ask at once."""
    environment = environment_of(context)
    close_old_connections()
    mirror, source = mirror_of(environment.application), work_folder(context.run) / "source"
    if not (mirror / "HEAD").exists():
        git.clone_or_fetch(environment.application.repository, mirror, deadline=context.deadline)
    found = git.resolve(mirror, commit)
    if not source.exists():
        _write(mirror, found.sha, source)
    project = understand(source, environment.application.folder)
    if environment.driver == Environment.Driver.KUBERNETES and (python := image_builds.python_of_the_base()):
        project = replace(project, python_preferred=python)  # of several that would do, the one its image will have
    return Ground(environment, source, project, found)


def _write(mirror: Path, commit: str, source: Path) -> None:
    """Whole, or not there: whoever is faster wins."""
    source.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix="source-", dir=source.parent))
    git.export(mirror, commit, part)
    try:
        part.rename(source)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)


def environment_of(context: Context) -> Environment:
    """The run's environment with its application."""
    return Environment.objects.select_related("application").get(pk=context.environment)


def work_folder(run: int) -> Path:
    """The folder of a run; deleted when nothing of the run will be done again."""
    return Path(settings.DATA_DIR) / "work" / str(run)


def clear(run: int) -> None:
    """Delete the folder of a run."""
    shutil.rmtree(work_folder(run), ignore_errors=True)


def clear_before(age_seconds: float, keep: set[int]) -> None:
    """Delete the folders of runs that are older and not kept."""
    for folder in (Path(settings.DATA_DIR) / "work").glob("[0-9]*"):
        if folder.name.isdigit() and int(folder.name) not in keep and time.time() - folder.stat().st_mtime > age_seconds:
            clear(int(folder.name))
