"""Builds of applications: a virtual environment for each lock digest, an artefact for each source; made once, kept, shared."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from controlplane.core.errors import Refused
from workloads.adapters import children, toolchain
from workloads.adapters.toolchain import Python
from workloads.building import assets, folders, inputs, install
from workloads.building.failures import BuildFailed
from workloads.building.install import Installation
from workloads.drivers import Say
from workloads.source import plan
from workloads.source.project import Project, Step

FORMAT = "3"  # changes when what we make of the same inputs changes
DONE, LOG, FROZEN = "timonel.json", "timonel-build.log", "timonel-frozen.txt"
MOST_PYTHONS = 4


@dataclass(frozen=True, slots=True)
class BuiltEnvironment:
    """A virtual environment. `added` is what the project did not ask for; `notes` what a person should know of it."""

    digest: str
    python_path: Path
    log: str
    cached: bool
    added: tuple[str, ...] = ()
    python: str = ""
    notes: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The virtual environment's folder."""
        return self.python_path.parent.parent


@dataclass(frozen=True, slots=True)
class Artefact:
    """A built release: `folder/source` (read-only) and `folder/environment`."""

    digest: str
    folder: Path
    environment: BuiltEnvironment
    log: str
    cached: bool


def lock_digest(source: Path, project: Project, python: Python, *, dev: bool = False) -> str:
    """What the environment depends on: the interpreter, the files that name dependencies, local packages among them."""
    found = hashlib.sha256()
    needs, folder = project.requirements, source / project.folder
    parts = [
        FORMAT,
        python.version,
        needs.manager,
        *needs.groups,
        *needs.guessed,
        *inputs.to_run_here(project, plan.serves_asgi(project)),
        str(dev),
    ]
    found.update("\0".join(parts).encode())
    for name in (*needs.files, *(needs.dev_files if dev else ())):
        path = folder / name
        found.update(name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b""))
    for line in inputs.local_folders(source, project):
        found.update(folders.tree_digest(line).encode())
    return found.hexdigest()


def environment(
    source: Path, project: Project, *, allow_unpinned: bool, say: Say, cancelled: Callable[[], bool], deadline: float
) -> BuiltEnvironment:
    """The environment of the application; whoever asks at the same time gets the same one.

    Raises Refused for dependencies from addresses that are not allowed, Invalid when the Python is not installed,
    BuildFailed with the cause and the cure. `deadline` is a time of time.monotonic().
    """
    _allowed(project, allow_unpinned)
    return _Builder("environments", source, project, say, cancelled, deadline).build()


def test_environment(
    source: Path, project: Project, *, allow_unpinned: bool, say: Say, cancelled: Callable[[], bool], deadline: float
) -> BuiltEnvironment:
    """The same with what tests need: the project's development requirements, coverage, pytest where it is used."""
    _allowed(project, allow_unpinned)
    return _Builder("tests-environments", source, project, say, cancelled, deadline, dev=True).build()


def artefact(
    source: Path,
    project: Project,
    environment: BuiltEnvironment,
    steps: Sequence[Step],
    *,
    say: Say,
    cancelled: Callable[[], bool],
    deadline: float,
) -> Artefact:
    """The source with its build steps done, beside its environment; read-only, made once for equal inputs."""
    told = json.dumps([[step.name, step.run, step.folder] for step in steps if step.when == "build"])
    node = toolchain.node_version() if any(step.run[0] in {"npm", "npx", "node"} for step in steps) else ""
    parts = [FORMAT, folders.tree_digest(source), environment.digest, told, node]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    folder = folders.room("artefacts") / digest
    with folders.turn(folder.with_suffix(".lock"), cancelled, deadline):
        if (folder / DONE).is_file():
            return Artefact(digest, folder, environment, _text(folder / LOG), True)
        log = _make_artefact(folder, source, project, environment, steps, say, cancelled, deadline)
    return Artefact(digest, folder, environment, log, False)


def distributions(built: BuiltEnvironment) -> frozenset[str]:
    """The names of everything installed there, normalised."""
    return frozenset(
        canonicalize_name(line.partition("==")[0].partition(" @")[0]) for line in _text(built.folder / FROZEN).splitlines()
    )


def frozen(built: BuiltEnvironment) -> str:
    """Everything installed there with its version, one a line."""
    return _text(built.folder / FROZEN)


def is_consistent(built: BuiltEnvironment) -> bool:
    """Whether what is installed there fits together by its own word; a project may have insisted on pins that do not."""
    command = [str(toolchain.uv()), "pip", "check", "--python", str(built.python_path), "--color", "never", "--quiet"]
    environment = children.clean_environment(UV_NO_CONFIG="1", UV_PYTHON_DOWNLOADS="never")
    return children.run(command, cwd=built.folder, environment=environment, limits=children.Limits(seconds=60)).ok


def _allowed(project: Project, allow_unpinned: bool) -> None:
    sources = project.requirements.unpinned_sources
    if sources and not allow_unpinned:
        raise Refused(
            f"Dependencies come from addresses instead of a package index: {'; '.join(sources[:5])}.",
            cure="Use released versions, or allow it for this application: `Allow unpinned sources` in the admin, "
            "or `--allow-unpinned-sources` when it is registered.",
        )


def _make_artefact(
    folder: Path,
    source: Path,
    project: Project,
    environment: BuiltEnvironment,
    steps: Sequence[Step],
    say: Say,
    cancelled: Callable[[], bool],
    deadline: float,
) -> str:
    part = folder.with_suffix(".part")
    folders.remove(part)
    folders.remove(folder)
    shutil.copytree(source, part / "source", symlinks=True, ignore=folders.left_by_running)
    work = assets.Work(part / "source" / project.folder, environment.python_path, say, cancelled, deadline)
    for step in steps:
        if step.when == "build":
            work.do(step)
    work.tidy()
    folders.make_read_only(part / "source")
    (part / "environment").symlink_to(environment.folder, target_is_directory=True)
    (part / LOG).write_text(work.text(), encoding="utf-8")
    (part / DONE).write_text(json.dumps({"environment": environment.digest}))
    part.replace(folder)
    return work.text()


@dataclass
class _Builder:
    """Builds one environment, with the first of the fitting interpreters that it can be built for."""

    room: str
    source: Path
    project: Project
    say: Say
    cancelled: Callable[[], bool]
    deadline: float
    dev: bool = False

    def build(self) -> BuiltEnvironment:
        """Try the fitting interpreters, best first; another one only where that may help and the project leaves the choice."""
        pythons = _one_of_each(toolchain.fitting_pythons(self.project.python_request, self.project.python_preferred))
        first: BuildFailed | None = None
        for python in pythons[:MOST_PYTHONS]:
            if first is not None and not self._may_help(first, python):
                continue
            try:
                return self._with(python)
            except BuildFailed as error:
                first = first or error
                self.say(f"Not with Python {python}: {error.message}", kind="note", level="warning")
        assert first is not None
        raise first

    def _may_help(self, error: BuildFailed, python: Python) -> bool:
        lines = inputs.collect(self.source, self.project).requirements
        return install.another_python_may_help(error, python, lines)

    def _with(self, python: Python) -> BuiltEnvironment:
        digest = lock_digest(self.source, self.project, python, dev=self.dev)
        folder = folders.room(self.room) / digest
        asked = time.time()
        with folders.turn(folder.with_suffix(".lock"), self.cancelled, self.deadline):
            if (folder / DONE).is_file():
                return _found(folder)
            install.recall(folder.with_suffix(".failed"), asked)
            return self._make(folder, python)

    def _make(self, folder: Path, python: Python) -> BuiltEnvironment:
        folders.remove(folder)
        self.say(f"Installing the dependencies with Python {python}")
        work = Installation(
            folder, python, lambda line: self.say(line, kind="line"), self.cancelled, lambda: self.deadline - time.monotonic()
        )
        found = inputs.collect(self.source, self.project)
        added = inputs.to_run_here(self.project, plan.serves_asgi(self.project))
        try:
            install.fill(work, found, added)
            if self.dev:
                extra = inputs.collect(self.source, self.project, dev=True)
                install.fill_for_tests(work, extra, inputs.for_tests(self.project))
        except BuildFailed as error:
            install.remember(folder.with_suffix(".failed"), error)
            folders.remove(folder)
            raise
        install.carry(work)
        install.freeze(work, folder / FROZEN)
        (folder / LOG).write_text(work.text(), encoding="utf-8")
        told = {"python": python.version, "added": list(added), "notes": work.notes}
        (folder / DONE).write_text(json.dumps(told))
        return BuiltEnvironment(
            folder.name, folder / "bin" / "python", work.text(), False, added, python.version, tuple(work.notes)
        )


def _found(folder: Path) -> BuiltEnvironment:
    told = json.loads((folder / DONE).read_text())
    return BuiltEnvironment(
        folder.name,
        folder / "bin" / "python",
        _text(folder / LOG),
        True,
        tuple(told["added"]),
        told["python"],
        tuple(told["notes"]),
    )


def _one_of_each(pythons: Sequence[Python]) -> list[Python]:
    found: dict[str, Python] = {}
    for python in pythons:
        found.setdefault(python.minor, python)
    return list(found.values())


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
