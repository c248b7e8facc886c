"""Where a release lives on this machine: its folders, its interpreter, the environment of its processes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from controlplane.core.errors import NotFound
from workloads import configuration
from workloads.adapters.children import clean_environment
from workloads.models import Environment, Instance, Release

SHORTEST_SECRET = 6  # shorter ones would blank out ordinary words


def artefact_folder(release: Release) -> Path:
    """The built release: `source` and what it was built with; never written to."""
    return data_folder("artefacts") / release.artefact_digest


def release_folder(environment: Environment, key: str) -> Path:
    """The running copy that belongs to the key."""
    return data_folder("releases") / str(environment.pk) / re.sub(r"[^A-Za-z0-9._-]+", "-", key)


def shared_folder(environment: Environment) -> Path:
    """What outlives releases: SQLite files, media."""
    return data_folder("shared") / str(environment.pk)


def instance_folder(instance_id: int) -> Path:
    """Logs and pid files of an instance."""
    return data_folder("instances") / str(instance_id)


def data_folder(name: str) -> Path:
    """A room of Timonel's data folder."""
    return Path(settings.DATA_DIR) / name


def application_folder(folder: Path, release: Release) -> Path:
    """The folder that holds manage.py, in the running copy."""
    return folder / str(release.run_plan.get("folder") or "")


def programs(release: Release) -> Path:
    """The folder of programs of the release's own environment."""
    found = artefact_folder(release) / "environment" / "bin"
    if not (found / "python").exists():
        raise NotFound(f"The environment that {release} was built with is gone.", cure="Deploy it again: it will be built anew.")
    return found


def command(argv: Sequence[str], release: Release, port: int | None) -> tuple[str, ...]:
    """The argument vector with the port filled in and its program found in the release's environment."""
    bin_folder = programs(release)
    filled = [word.replace("{port}", str(port or "")) for word in argv]
    program = bin_folder / filled[0]
    if "/" not in filled[0] and program.exists():
        return str(program), *filled[1:]
    return _outside(filled[0]), *filled[1:]


def surroundings(environment: Environment, release: Release, port: int | None) -> dict[str, str]:
    """The whole environment of the release's processes: its configuration and a search path; nothing of ours."""
    bin_folder = programs(release)
    given = configuration.resolve(environment, release.configuration, port=port or 0)
    plain = clean_environment(VIRTUAL_ENV=str(bin_folder.parent))
    home = shared_folder(environment) / "home"
    home.mkdir(parents=True, exist_ok=True)
    module = str(release.run_plan.get("settings_module") or "")
    own = {
        "PATH": f"{bin_folder}:{plain['PATH']}",
        "HOME": str(home),
        "PYTHONUNBUFFERED": "1",
    }
    return plain | own | ({"DJANGO_SETTINGS_MODULE": module} if module else {}) | given


def secrets_of(environment: Environment, release: Release) -> frozenset[str]:
    """The values that must not be stored or shown wherever they turn up."""
    values = configuration.resolve(environment, release.configuration, port=0)
    found = {values.get(name, "") for name, entry in release.configuration.items() if entry.get("secret")}
    found.add(unquote(urlsplit(environment.database_url or "").password or ""))
    return frozenset(value for value in found if len(value) >= SHORTEST_SECRET)


def stable_host(environment: Environment) -> str:
    """Host and port of the stable address, as a browser names it."""
    return f"127.0.0.1:{environment.port}"


def log_of(instance: Instance, process: str) -> Path:
    """The present log of one process."""
    return instance_folder(instance.pk) / f"{process}.log"


def _outside(program: str) -> str:
    if "/" in program:
        return program
    for folder in clean_environment()["PATH"].split(":"):
        if (Path(folder) / program).exists():
            return str(Path(folder) / program)
    return program
