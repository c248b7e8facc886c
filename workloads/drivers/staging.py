"""Preparing a release beside the live one: its running copy, what it shares, its release steps."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from controlplane.core.errors import Invalid, NotFound
from controlplane.core.redaction import redact
from workloads.adapters import children, databases
from workloads.drivers import Say
from workloads.evidence import Evidence
from workloads.host import place
from workloads.models import Environment, Release
from workloads.verdicts import Verdict

DONE = ".timonel-steps.json"
DATABASE = "database."
SQLITE = "database.sqlite_url"  # a file in the shared folder: nothing to make


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a release step went; its output is redacted."""

    name: str
    ok: bool
    evidence: Evidence
    why: str = ""


def running_copy(environment: Environment, release: Release, key: str) -> Path:
    """The folder of this key: a copy of the built source with links to what outlives it. Whole, or not there."""
    folder = place.release_folder(environment, key)
    if folder.exists():
        return folder
    source = place.artefact_folder(release) / "source"
    if not source.is_dir():
        raise NotFound(f"What was built of {release} is gone.", cure="Deploy it again: it will be built anew.")
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(source, part, symlinks=True)
    _make_writable(part)
    for path in release.run_plan.get("shared", ()):
        link_shared(place.application_folder(part, release), place.shared_folder(environment), str(path))
    part.replace(folder)
    return folder


def link_shared(folder: Path, shared: Path, path: str) -> None:
    """Replace a file or folder of the copy by a link to the one that outlives releases.

    What the source brings along at the first deployment is where it begins; later it is left alone.
    """
    inside, kept = folder / path, shared / path
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise Invalid(f"The shared path {path!r} leads out of the release.", cure="Name a path inside the application's folder.")
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        _begin(inside, kept, is_folder=path.endswith("/") or not PurePosixPath(path).suffix)
    if inside.is_dir() and not inside.is_symlink():
        shutil.rmtree(inside)
    else:
        inside.unlink(missing_ok=True)
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.symlink_to(kept, target_is_directory=kept.is_dir())


def _begin(inside: Path, kept: Path, *, is_folder: bool) -> None:
    if inside.is_dir():
        shutil.copytree(inside, kept, symlinks=True)
    elif inside.is_file():
        shutil.copy2(inside, kept)
    elif is_folder:
        kept.mkdir(parents=True)


def _make_writable(folder: Path) -> None:
    """The artefact is read-only; the copy is where the application lives."""
    for root, _, files in os.walk(folder):
        for path in (Path(root), *(Path(root) / name for name in files)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o200)


def ensure_database(environment: Environment, release: Release) -> bool:
    """Make the environment's own database where the configuration binds to it; say whether it does."""
    bindings = {str(entry.get("binding", "")) for entry in release.configuration.values()}
    bound = any(binding.startswith(DATABASE) and binding != SQLITE for binding in bindings)
    if bound:
        databases.ensure(environment)
    return bound


def steps(release: Release) -> list[dict[str, Any]]:
    """The release steps in order, migrations among them: exactly those of the plan that was shown and approved."""
    return [step for step in release.run_plan.get("release_steps", ()) if step.get("when", "release") == "release"]


def run_steps(environment: Environment, release: Release, folder: Path, port: int, say: Say) -> list[StepResult]:
    """Run each release step once; stop at the first that fails. A repeat goes on where the former call ended."""
    done: list[str] = _done(folder)
    results: list[StepResult] = []
    for number, step in enumerate(steps(release)):
        mark = f"{number} {' '.join(step['run'])}"
        if mark in done:
            continue
        results.append(_run(environment, release, folder, port, step, say))
        if not results[-1].ok:
            break
        done.append(mark)
        _write(folder / DONE, json.dumps(done))
    return results


def _run(environment: Environment, release: Release, folder: Path, port: int, step: dict[str, Any], say: Say) -> StepResult:
    secrets = place.secrets_of(environment, release)
    name, argv = str(step.get("name") or step["run"][0]), [str(word) for word in step["run"]]
    say(f"Release step: {name}")
    completed = children.run(
        place.command(argv, release, port),
        cwd=place.application_folder(folder, release) / str(step.get("folder") or ""),
        environment=place.surroundings(environment, release, port),
        on_line=lambda line: say(redact(line, secrets), kind="line"),
    )
    verdict = Verdict.PASSED if completed.ok else Verdict.FAILED
    output = redact(last(completed.output), secrets)
    evidence = Evidence(f"Release step {name}", "log", output, redact(" ".join(argv), secrets), verdict)
    return StepResult(name, completed.ok, evidence, "" if completed.ok else completed.why())


def last(text: str, limit: int = 8000) -> str:
    """The end of a text, from the beginning of a line."""
    return text if len(text) <= limit else "...\n" + text[-limit:].partition("\n")[2]


def failures(results: Sequence[StepResult]) -> list[StepResult]:
    """The steps that did not go well."""
    return [result for result in results if not result.ok]


def _done(folder: Path) -> list[str]:
    try:
        found = json.loads((folder / DONE).read_text())
    except (OSError, ValueError):
        return []
    return [str(item) for item in found]


def _write(file: Path, text: str) -> None:
    part = file.with_name(f"{file.name}.part")
    part.write_text(text)
    part.replace(file)
