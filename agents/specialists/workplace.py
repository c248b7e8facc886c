"""The release's own environment, as a specialist enters it: its interpreter, its variables, nothing of Timonel's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from agents.specialists.work import Work
from workloads import builds, configuration
from workloads.described import SECONDS, Inside, describe
from workloads.source import plan
from workloads.source.project import RunPlan

NO_PORT = 8000  # of an environment without a stable address: only named in settings, nobody listens


def environment(work: Work) -> builds.BuiltEnvironment:
    """The built environment; several specialists may ask at once and one builds. Raises TimonelError with the cure."""
    return builds.environment(
        work.source,
        work.project,
        allow_unpinned=work.application.allow_unpinned_sources,
        say=work.say,
        cancelled=work.cancelled,
        deadline=work.deadline,
    )


def variables(work: Work) -> dict[str, str]:
    """What the application's processes see of its configuration."""
    return configuration.resolve(work.environment, dict(work.configuration), port=work.environment.port or NO_PORT)


def secrets(work: Work, values: Mapping[str, str]) -> frozenset[str]:
    """The values that must not be seen."""
    return frozenset(value for name, value in values.items() if value and work.configuration.get(name, {}).get("secret", True))


def enter(work: Work, python: Path | None = None, values: Mapping[str, str] | None = None) -> Inside:
    """The application, ready to be asked from inside."""
    values = dict(variables(work) if values is None else values)
    if work.project.settings_module:
        values.setdefault("DJANGO_SETTINGS_MODULE", work.project.settings_module)
    return Inside(
        python=python or environment(work).python_path,
        folder=copy(work, "asked") / work.project.folder,
        variables=values,
        secrets=secrets(work, values),
        manage=work.project.manage,
        seconds=min(SECONDS, max(1.0, work.remaining())),
        cancelled=work.cancelled,
    )


def run_plan(work: Work) -> RunPlan:
    """How the release runs, by its files and by its own word. Raises Unanswered where it cannot be asked."""
    inside = enter(work)
    return plan.run_plan(work.project, work.application, describe(inside), inside.folder)


def copy(work: Work, name: str) -> Path:
    """A copy of the source beside it, made once a run: what runs there may write, and the checkout stays as it was built."""
    folder = work.source.parent / name
    if not folder.exists():
        part = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=work.source.parent))
        shutil.copytree(work.source, part, symlinks=True, dirs_exist_ok=True)
        for data in work.project.data_folders:  # as its own start scripts would
            (part / work.project.folder / data).mkdir(parents=True, exist_ok=True)
        try:
            part.rename(folder)
        except OSError:  # somebody else was faster
            shutil.rmtree(part, ignore_errors=True)
    return folder
