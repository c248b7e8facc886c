"""What is installed: Pythons, Git, compilers, Node.js, browsers, Docker; room on the disk."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from pathlib import Path

from controlplane.embedded.doctor.finding import Finding, program, version_of
from controlplane.embedded.folder import ROOM_TO_BEGIN, ROOM_TO_GO_ON
from workloads.adapters import toolchain

GIGABYTE = 2**30
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIBPQ = (Path("/usr/include/postgresql/libpq-fe.h"), Path("/usr/include/libpq-fe.h"), Path("/opt/homebrew/include/libpq-fe.h"))


def examine(data: Path) -> list[Finding]:
    """Everything that can be known without Timonel running."""
    return [_timonel(), _pythons(), *_programs(), _headers(), _installer(), _browser(), _docker(), _room(data), _account()]


def _timonel() -> Finding:
    django = importlib.metadata.version("django")
    return Finding(
        "Timonel", "ok", f"Python {platform.python_version()}, Django {django}, {platform.system()} {platform.machine()}"
    )


def _pythons() -> Finding:
    found = toolchain.installed_pythons()
    versions = ", ".join(str(python.version) for python in found)
    if not found:
        return Finding("Pythons for applications", "bad", "none found", "Install the Python that your application asks for.")
    return Finding("Pythons for applications", "ok", versions)


def _programs() -> list[Finding]:
    return [
        program("Git", ("git",), "bad", "Install git: nothing can be checked out without it."),
        program(
            "C compiler",
            ("cc", "gcc", "clang"),
            "warn",
            "Packages without a ready wheel need one. Debian: apt install build-essential.",
        ),
        program("Node.js", ("node",), "note", "Applications with front-end assets need it. Debian: apt install nodejs npm."),
        program("npm", ("npm",), "note", "Comes with Node.js; on Debian a package of its own: apt install npm."),
    ]


def _headers() -> Finding:
    if shutil.which("pg_config") and any(path.exists() for path in LIBPQ):
        return Finding("PostgreSQL headers", "ok", "psycopg2 can be built from source")
    cure = "Only for applications that ask for psycopg2 rather than psycopg2-binary. Debian: apt install libpq-dev python3-dev."
    return Finding("PostgreSQL headers", "note", "not found", cure)


def _installer() -> Finding:
    own = Path(sys.prefix) / "bin" / "uv"
    version = version_of([str(own), "--version"]) if own.exists() else None
    if version:
        return Finding("uv", "ok", version)
    return Finding("uv", "warn", "does not run here", "Builds go on with pip, slower. To mend: make demo installs the pinned one.")


def _browser() -> Finding:
    path = os.environ.get("TIMONEL_BROWSER") or next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path:
        return Finding("Browser (tests only)", "ok", path)
    return Finding("Browser (tests only)", "note", "not found", "make test installs one, or says how.")


def _docker() -> Finding:
    if not shutil.which("docker"):
        return Finding("Docker (optional)", "note", "not installed; nothing here needs it")
    version = version_of(["docker", "info", "--format", "{{.ServerVersion}}"])
    return (
        Finding("Docker (optional)", "ok", version)
        if version
        else Finding("Docker (optional)", "note", "client only, no engine answers")
    )


def _room(data: Path) -> Finding:
    place = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    words = f"{free / GIGABYTE:.1f} GB free at {place}"
    if free < ROOM_TO_GO_ON:
        return Finding("Disk", "bad", words, "Make room, or use another folder: TIMONEL_DATA.")
    if free < ROOM_TO_BEGIN + GIGABYTE:
        return Finding("Disk", "warn", words, "Builds of applications may not fit. Make room, or use another folder: TIMONEL_DATA.")
    return Finding("Disk", "ok", words)


def _account() -> Finding:
    if os.geteuid() != 0:
        return Finding("Account", "ok", "an ordinary user; applications run as the same one")
    cure = "Applications run as root too. For anything but a trial, run Timonel as an ordinary user."
    return Finding("Account", "warn", "root; PostgreSQL runs as the account 'pgserver'", cure)
