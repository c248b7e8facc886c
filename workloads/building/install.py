"""Making a virtual environment and filling it: with the application's own interpreter, and another try where that is sound."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from packaging.version import Version

from controlplane.core.redaction import redact
from workloads.adapters import children, toolchain
from workloads.adapters.children import Completed, Limits
from workloads.building import failures, folders
from workloads.building.failures import BuildFailed, Failure
from workloads.building.inputs import KEPT_AT_RUN_TIME, Inputs, name_of
from workloads.source.imports import distribution

OLDEST_FOR_UV = Version("3.8")
NO_DISTUTILS = Version("3.12")  # setuptools of before 60 does not run on it
TRIES = 8
# Servers that we do not run and that take a compiler and a minute to build.
DISPENSABLE = frozenset({"uwsgi", "pyuwsgi", "mod-wsgi"})
PREBUILT = {"psycopg2": "psycopg2-binary"}
LIMITS = Limits(seconds=1500, memory_bytes=6 * 1024**3)


@dataclass
class Installation:
    """One virtual environment being filled."""

    folder: Path
    python: toolchain.Python
    say: Callable[[str], None]
    cancelled: Callable[[], bool]
    seconds: Callable[[], float]  # what is left
    log: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def interpreter(self) -> Path:
        """The environment's own interpreter."""
        return self.folder / "bin" / "python"

    @property
    def by_uv(self) -> bool:
        """Whether uv can serve this interpreter; older ones get pip."""
        return Version(self.python.version) >= OLDEST_FOR_UV

    def note(self, text: str) -> None:
        """Tell, and keep, something that a person must know about this environment."""
        self.notes.append(text)
        self.log.append(f"# {text}")
        self.say(text)

    def run(self, *command: str, cwd: Path | None = None) -> Completed:
        """Run a tool; its output goes to the log, redacted."""
        self.log.append("$ " + redact(" ".join(command)))
        done = children.run(
            command,
            cwd=cwd or self.folder.parent,
            environment=self._environment(),
            limits=replace(LIMITS, seconds=max(1.0, min(LIMITS.seconds, self.seconds()))),
            on_line=self._line,
            cancelled=self.cancelled,
        )
        if done.ended == "cancelled":
            raise folders.Cancelled("The build was cancelled.")
        if done.ended == "timed_out":
            raise BuildFailed(f"The installation was {done.why()}.", cure="Try again, or give it more time.", log=self.text())
        return done

    def text(self) -> str:
        """The log so far."""
        return "\n".join(self.log)

    def _line(self, line: str) -> None:
        clean = redact(line)
        self.log.append(clean)
        self.say(clean)

    def _environment(self) -> dict[str, str]:
        own = {
            "PATH": f"{self.folder / 'bin'}:{children.SEARCH_PATH}",
            "UV_CACHE_DIR": str(folders.room("cache") / "uv"),
            "PIP_CACHE_DIR": str(folders.room("cache") / "pip"),
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_CONFIG": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        return children.clean_environment(**toolchain.index_environment(), **own)


def fill(installation: Installation, inputs: Inputs, extra: tuple[str, ...]) -> None:
    """Make the environment and install everything; BuildFailed says why not and what helps."""
    _create(installation)
    attempt = _Attempt(replace(inputs, requirements=[*inputs.requirements, *extra], constraints=list(inputs.constraints)))
    for package in sorted(DISPENSABLE & attempt.inputs.names):
        _without(attempt.inputs, package)
        installation.note(f"{package} is left out: Timonel runs the application with another web server.")
    for _ in range(TRIES):
        done = _install(installation, attempt)
        if done.ok:
            return
        failure = failures.explain(done.output)
        if not _mend(installation, attempt, failure):
            raise _Unbuildable(failure, installation.text())
    raise _Unbuildable(failure, installation.text())


class _Unbuildable(BuildFailed):
    """Could not be installed with this Python; `failure` says whether another one may help."""

    def __init__(self, failure: Failure, log: str) -> None:
        super().__init__(failure.message, cure=failure.cure, log=log)
        self.failure = failure


def fill_for_tests(installation: Installation, inputs: Inputs, tools: tuple[str, ...]) -> None:
    """Add what tests need. What cannot be installed of it is left out and named: the tests themselves will tell if they miss it."""
    attempt = _Attempt(replace(inputs, requirements=list(inputs.requirements), constraints=list(inputs.constraints)))
    for _ in range(TRIES):
        done = _install(installation, attempt)
        if done.ok:
            break
        failure = failures.explain(done.output)
        if _mend(installation, attempt, failure):
            continue
        package = name_of(failure.package)
        if package not in attempt.inputs.names:
            installation.note(f"The development requirements could not all be installed: {failure.message}")
            break
        _without(attempt.inputs, package)
        installation.note(f"{package}, which only development asks for, is left out: {failure.message}")
    missing = [tool for tool in tools if tool not in attempt.inputs.names or not done.ok]
    if missing and not _install(installation, _Attempt(Inputs(missing))).ok:
        raise BuildFailed("The tools that run tests could not be installed.", cure="Read the log.", log=installation.text())


def freeze(installation: Installation, path: Path) -> None:
    """Write down everything installed, with versions."""
    if installation.by_uv:
        command = [str(toolchain.uv()), "pip", "freeze", "--python", str(installation.interpreter), "--color", "never", "--quiet"]
    else:
        command = [str(installation.interpreter), "-m", "pip", "freeze", "--all"]
    path.write_text(installation.run(*command).output + "\n", encoding="utf-8")


def carry(installation: Installation) -> None:
    """Put what we run inside the application's own interpreter beside its packages."""
    packages = next((installation.folder / "lib").glob("python3*/site-packages"))
    shutil.copy(Path(__file__).with_name("timonel_static.py"), packages)


def remember(path: Path, error: BuildFailed) -> None:
    """Keep a failure for those who waited for the same build."""
    failure = asdict(error.failure) if isinstance(error, _Unbuildable) else None
    path.write_text(json.dumps({"message": error.message, "cure": error.cure, "log": error.log, "failure": failure}))


def recall(path: Path, asked: float) -> None:
    """Raise the failure of a build that ended while we waited for it; older ones are tried again."""
    if not path.is_file() or path.stat().st_mtime < asked:
        return
    told = json.loads(path.read_text())
    if told["failure"]:
        raise _Unbuildable(Failure(**told["failure"]), told["log"])
    raise BuildFailed(told["message"], cure=told["cure"], log=told["log"])


def another_python_may_help(error: BuildFailed, other: toolchain.Python, project_lines: list[str]) -> bool:
    """Whether the failure comes from a package that has no build for this interpreter, and the other one may fare better."""
    if not isinstance(error, _Unbuildable) or error.failure.kind in {"network", "absent", "conflict"}:
        return False
    package = name_of(error.failure.package)
    if error.failure.kind != "headers" or not package or Version(other.version) < OLDEST_FOR_UV:
        return True
    line = next((line for line in project_lines if name_of(line) == package), package)
    command = [
        str(toolchain.uv()),
        "pip",
        "install",
        "--dry-run",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--target",
        tempfile.gettempdir(),
    ]
    own = children.clean_environment(**toolchain.index_environment(), UV_PYTHON_DOWNLOADS="never", UV_NO_CONFIG="1")
    return children.run([*command, "--python", str(other.path), line], cwd=Path(tempfile.gettempdir()), environment=own).ok


@dataclass
class _Attempt:
    inputs: Inputs
    build_limits: list[str] = field(default_factory=list)
    not_isolated: list[str] = field(default_factory=list)
    override: bool = False


def _create(installation: Installation) -> None:
    if installation.by_uv:
        command = [str(toolchain.uv()), "venv", "--python", str(installation.python.path), "--no-project", "--quiet"]
        done = installation.run(*command, str(installation.folder))
    else:
        done = installation.run(str(installation.python.path), "-m", "venv", str(installation.folder))
    if not done.ok:
        raise BuildFailed(
            f"No virtual environment could be made with Python {installation.python}: {failures.telling_line(done.output)}",
            cure="Install the venv module of that Python (Debian: python3-venv), or another Python.",
            log=installation.text(),
        )
    first = [KEPT_AT_RUN_TIME, "wheel"]
    if installation.by_uv:
        installation.run(*_uv(installation), *first)
    else:
        installation.run(*_pip(installation), "--upgrade", "pip", *first)


def _install(installation: Installation, attempt: _Attempt) -> Completed:
    with tempfile.TemporaryDirectory(prefix="timonel-requirements-") as name:
        folder = Path(name)
        wanted = _write(folder / "requirements.txt", attempt.inputs.requirements)
        arguments = ["-r", wanted, *[word for name in attempt.inputs.files if installation.by_uv for word in ("-r", name)]]
        arguments += [] if installation.by_uv else sorted({str(Path(name).parent) for name in attempt.inputs.files})
        if attempt.inputs.constraints:
            arguments += ["-c", _write(folder / "constraints.txt", attempt.inputs.constraints)]
        for index in attempt.inputs.indexes:
            arguments += ["--extra-index-url", index]
        if not installation.by_uv:
            return installation.run(*_pip(installation), *arguments, cwd=folder)
        if attempt.override:
            pins = [line for line in attempt.inputs.requirements if "==" in line]
            arguments += ["--override", _write(folder / "overrides.txt", pins)]
        if attempt.build_limits:
            arguments += ["--build-constraints", _write(folder / "build.txt", attempt.build_limits)]
        for package in attempt.not_isolated:
            arguments += ["--no-build-isolation-package", package]
        arguments += ["--index-strategy", "unsafe-best-match"] if attempt.inputs.indexes else []
        return installation.run(*_uv(installation), "--compile-bytecode", *arguments, cwd=folder)


def _mend(installation: Installation, attempt: _Attempt, failure: Failure) -> bool:
    """Change the attempt so that the next one may succeed, saying so; False when nothing sound is known."""
    package = name_of(failure.package)
    if package in PREBUILT and failure.kind in {"headers", "other", "backend"} and package in attempt.inputs.names:
        attempt.inputs.requirements = [_prebuilt(line, package) for line in attempt.inputs.requirements]
        installation.note(
            f"{package} could not be compiled ({failure.message}): {PREBUILT[package]} of the same version is used instead."
        )
        return True
    if package == "psycopg-c" and any("psycopg[c]" in line for line in attempt.inputs.requirements):
        attempt.inputs.requirements = [line.replace("psycopg[c]", "psycopg[binary]") for line in attempt.inputs.requirements]
        installation.note("psycopg's C part could not be compiled: its binary build of the same version is used instead.")
        return True
    if failure.kind == "conflict" and not attempt.override and installation.by_uv:
        attempt.override = True
        installation.note(f"{failure.message} The pins of the project are taken at their word.")
        return True
    return installation.by_uv and _mend_backend(installation, attempt, failure)


def _mend_backend(installation: Installation, attempt: _Attempt, failure: Failure) -> bool:
    """Old build scripts: an older setuptools, then what the script imports without saying so."""
    limits = ["setuptools<81"] + (["setuptools<58"] if Version(installation.python.version) < NO_DISTUTILS else [])
    old = failure.kind == "backend" or (failure.kind == "other" and failure.package)
    if old and (left := [limit for limit in limits if limit not in attempt.build_limits]):
        attempt.build_limits = [left[0], "cython<3", "wheel<0.45"]
        attempt.build_limits += [limits[0]] if left[0] in limits[1:] else []
        installation.note(f"{failure.package or 'A dependency'} is built with {left[0]}: its build script is of that time.")
        return True
    if failure.kind == "needs_at_build" and failure.package not in attempt.not_isolated:
        wanted = distribution(failure.detail)
        attempt.not_isolated.append(failure.package)
        installation.note(f"{failure.package} needs {wanted} to be built and does not say so: it is installed first.")
        pins = [line for line in attempt.inputs.requirements if name_of(line) == wanted]
        return installation.run(*_uv(installation), *(pins or [wanted])).ok
    return False


def _without(inputs: Inputs, package: str) -> None:
    inputs.requirements = [line for line in inputs.requirements if name_of(line) != package]
    inputs.constraints = [line for line in inputs.constraints if name_of(line) != package]


def _prebuilt(line: str, package: str) -> str:
    return line.replace(package, PREBUILT[package], 1) if name_of(line) == package else line


def _uv(installation: Installation) -> list[str]:
    return [
        str(toolchain.uv()), "pip", "install", "--python", str(installation.interpreter), "--no-progress", "--color", "never",
        "--link-mode", "copy",
    ]  # fmt: skip


def _pip(installation: Installation) -> list[str]:
    return [str(installation.interpreter), "-m", "pip", "install", "--no-color", "--progress-bar", "off"]


def _write(path: Path, content: list[str]) -> str:
    path.write_text("\n".join(content) + "\n", encoding="utf-8")
    return str(path)
