"""The tools that build applications: the Pythons of this machine, uv, Node."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version
from uv import find_uv_bin

from controlplane.core.errors import Invalid
from workloads.adapters.children import clean_environment

ASK_VERSION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
PROBE_SECONDS = 10
PLACES = (
    "~/.pyenv/versions/*/bin/python3",
    "~/.local/share/uv/python/*/bin/python3",
    "~/.asdf/installs/python/*/bin/python3",
    "~/.local/share/mise/installs/python/*/bin/python3",
    "/opt/python*/bin/python3",
    "/opt/homebrew/bin/python3*",
    "/opt/homebrew/opt/python@3*/bin/python3*",
    "/usr/local/bin/python3*",
    "/usr/bin/python3*",
)
# Where several would do: recent, and old enough to have wheels of everything.
ORDER = ("3.12", "3.11", "3.13", "3.10", "3.9", "3.14", "3.8", "3.7", "3.6")
# Of our own environment: how package indexes are reached. No credentials but those written into an address.
INDEX_VARIABLES = (
    "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT",
    "npm_config_registry", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "CURL_CA_BUNDLE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Python:
    """One interpreter of this machine."""

    version: str
    path: Path

    @property
    def minor(self) -> str:
        """Its version without the last number: "3.11"."""
        return self.version.rpartition(".")[0]

    def __str__(self) -> str:
        return self.version


def installed_pythons() -> tuple[Python, ...]:
    """Every Python 3 found here, newest first; one of each version."""
    found: dict[str, Python] = {}
    for path in _candidates():
        version = _version(str(path), path.stat().st_mtime_ns)
        if version:
            found.setdefault(version, Python(version, path))
    return tuple(sorted(found.values(), key=lambda python: Version(python.version), reverse=True))


def find_python(request: str, preferred: str = "") -> Python:
    """The best installed Python for a request such as ">=3.9,<3.12", "3.10.4" or ""; Invalid says how to get one."""
    return fitting_pythons(request, preferred)[0]


def likely_minor(request: str, preferred: str = "") -> str:
    """The Python, as "3.12", that a build begins with; what the request names where none of it is here."""
    try:
        return find_python(request, preferred).minor
    except Invalid:
        return request.lstrip("<>=~^! ")


def fitting_pythons(request: str, preferred: str = "") -> tuple[Python, ...]:
    """Every installed Python that fits, the best first."""
    installed = installed_pythons()
    allowed = _allowed(request)
    fitting = [python for python in installed if allowed.contains(python.version, prereleases=True)]
    if not fitting:
        raise _none(request, installed)
    exact = request.strip().lstrip("=")
    return tuple(sorted(fitting, key=lambda python: (python.version != exact, python.minor != preferred, _rank(python))))


def uv() -> Path:
    """The resolver and installer that came with Timonel."""
    try:
        return Path(find_uv_bin())
    except FileNotFoundError as error:
        raise Invalid("uv is missing from Timonel's own environment.", cure="Install the requirements again.") from error


def index_environment() -> dict[str, str]:
    """How to reach the package indexes that this machine is set up for."""
    return {name: os.environ[name] for name in INDEX_VARIABLES if name in os.environ}


def program(name: str) -> Path | None:
    """A program on the search path that children get."""
    found = shutil.which(name, path=clean_environment()["PATH"])
    return Path(found) if found else None


def node_version() -> str:
    """The version of Node here, as "20.11.0"; empty without Node."""
    node = program("node")
    if node is None:
        return ""
    return _output([str(node), "--version"]).removeprefix("v")


def _candidates() -> list[Path]:
    found = [Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"]
    for pattern in PLACES:
        place = Path(pattern).expanduser()
        root = Path(place.anchor)
        found += sorted(root.glob(str(place.relative_to(root))))
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found += sorted(Path(folder).glob("python3.*")) if folder and "/shims" not in folder else []
    named = [path for path in found if re.fullmatch(r"python3(\.\d+)?", path.name) and os.access(path, os.X_OK)]
    return list({path.resolve(): path.resolve() for path in named if not _in_environment(path)})


def _in_environment(path: Path) -> bool:
    """Whether it belongs to a virtual environment, such as our own."""
    return (path.parent.parent / "pyvenv.cfg").exists()


@lru_cache(maxsize=64)
def _version(path: str, changed_at: int) -> str:
    found = _output([path, "-I", "-c", ASK_VERSION])
    return found if re.fullmatch(r"3\.\d+\.\d+", found) else ""


def _output(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PROBE_SECONDS, env=clean_environment(), check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _allowed(request: str) -> SpecifierSet:
    """A request as a specifier: a plain version means its series, whatever the last number."""
    plain = re.fullmatch(r"(?:python-?|={1,3})?\s*(\d+)(?:\.(\d+))?(?:\.[\d*]+\w*)?", request.strip())
    if plain:
        return SpecifierSet(f"=={plain[1]}.{plain[2]}.*" if plain[2] else f"=={plain[1]}.*")
    try:
        return SpecifierSet(request.strip())
    except InvalidSpecifier as error:
        raise Invalid(f"{request!r} is not a Python version.", cure='Write it as "3.11" or ">=3.10,<3.13".') from error


def _rank(python: Python) -> int:
    return ORDER.index(python.minor) if python.minor in ORDER else len(ORDER)


def _none(request: str, installed: tuple[Python, ...]) -> Invalid:
    known = ", ".join(str(python) for python in installed) or "none"
    named = re.search(r"3\.\d+", request)
    wanted = named[0] if named else "3.12"
    return Invalid(
        f"The project asks for Python {request.replace('.99', '')}, which is not installed here (found: {known}).",
        cure=f"Install it: `uv python install {wanted}`, `pyenv install {wanted}`, or the package python{wanted} of your system.",
    )
