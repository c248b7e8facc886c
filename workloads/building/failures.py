"""Pure: what the output of a failed installation or build says, in one sentence, and the cure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from controlplane.core.errors import TimonelError

Kind = Literal["headers", "backend", "needs_at_build", "conflict", "absent", "too_new", "network", "other"]


class BuildFailed(TimonelError):
    """The application could not be built; `log` is what the tools said, redacted."""

    code = "build_failed"
    status = 422

    def __init__(self, message: str, *, cure: str = "", log: str = "") -> None:
        super().__init__(message, cure=cure)
        self.log = log


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an installation failed. `package` is the distribution at fault; `detail` what a retry may use."""

    kind: Kind
    message: str
    cure: str = ""
    package: str = ""
    detail: str = ""


# What is missed, by what the compilers and build scripts say -> the packages of Debian and Ubuntu, of Fedora.
HEADERS: tuple[tuple[str, str, str], ...] = (
    (r"pg_config|libpq-fe\.h|libpq", "libpq-dev", "libpq-devel"),
    (r"mysql_config|mysql\.h|mysqlclient\.pc|MYSQLCLIENT_CFLAGS", "default-libmysqlclient-dev pkg-config", "mysql-devel"),
    (r"lber\.h|ldap\.h|sasl/sasl\.h|sasl\.h", "libldap2-dev libsasl2-dev", "openldap-devel"),
    (r"xmlsec1?\.h|xmlsec1|xmlsec", "libxmlsec1-dev pkg-config", "xmlsec1-devel"),
    (r"libxml/|xml2-config|libxslt|xslt-config", "libxml2-dev libxslt1-dev", "libxml2-devel libxslt-devel"),
    (r"curl-config|curl/curl\.h", "libcurl4-openssl-dev libssl-dev", "libcurl-devel openssl-devel"),
    (r"jpeglib\.h|headers or library files could not be found for jpeg", "libjpeg-dev", "libjpeg-turbo-devel"),
    (r"zlib\.h|could not be found for zlib", "zlib1g-dev", "zlib-devel"),
    (r"\bffi\.h|libffi", "libffi-dev", "libffi-devel"),
    (r"openssl/\w+\.h|libssl|openssl\.pc|OpenSSL development", "libssl-dev pkg-config", "openssl-devel"),
    (r"cairo\.h|cairo\.pc|libcairo", "libcairo2-dev pkg-config", "cairo-devel"),
    (r"girepository|gobject-introspection", "libgirepository1.0-dev", "gobject-introspection-devel"),
    (r"magic\.h", "libmagic-dev", "file-devel"),
    (r"gdal-config|gdal\.h|GDALVersion", "libgdal-dev", "gdal-devel"),
    (r"geos-config|geos_c\.h", "libgeos-dev", "geos-devel"),
    (r"sqlite3\.h", "libsqlite3-dev", "sqlite-devel"),
    (r"portaudio\.h", "portaudio19-dev", "portaudio-devel"),
    (r"Python\.h", "python3-dev", "python3-devel"),
    (r"can't find Rust compiler|cargo|rustc|Rust toolchain", "cargo", "cargo"),
    (r"(gcc|cc|clang|c\+\+)['\"]?:? (command )?(not found|No such file)|acceptable C compiler", "build-essential", "gcc gcc-c++"),
)  # fmt: skip
OLD_BACKEND = re.compile(
    r"use_2to3 is invalid|module 'pkgutil' has no attribute 'ImpImporter'|No module named '(distutils|pkg_resources|imp)'"
    r"|has no attribute 'cython_sources'|canonicalize_version\(\) got an unexpected|install_layout"
    r"|cannot import name '\w+' from 'setuptools|No module named 'setuptools\.\w+|fetch_build_eggs"
)
LACKING_HEADER = re.compile(r"^.*fatal error: ['\"]?([\w./-]+\.h\w*)['\"]?(?:: No such file| file not found).*$", re.M)
LACKS = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)'?")
PACKAGE = re.compile(
    r"(?:Failed to (?:build|download and build|download)|Building wheel for|Failed building wheel for|Could not build wheels for)"
    r"\s+`?([A-Za-z0-9][\w.-]*?)(?:==([\w.!+-]+))?`?(?:[\s,(@:]|$)",
    re.M,
)
NETWORK = re.compile(
    r"Could not resolve host|dns error|Connection (?:refused|reset|timed out)|Network is unreachable|timed out"
    r"|Failed to fetch: `http|error sending request|Temporary failure in name resolution"
    r"|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ECONNREFUSED|unable to access 'http",
    re.I,
)


def explain(output: str) -> Failure:
    """What the output of uv or pip says went wrong; the last lines as they are when nothing is recognised."""
    package = _package(output)
    for look in (_resolution, _compiler, _backend, _headers, _network):
        found = look(output, package)
        if found is not None:
            return found
    about = f"{package} could not be built" if package else "The dependencies could not be installed"
    return Failure(
        "other", f"{about}: {telling_line(output)}", "Read the log; pin a version that has a wheel for this Python.", package
    )


NOT_THERE = re.compile(
    r"there (?:is|are) no versions? of ([\w.\[\]-]+?)(?:\{[^}]*\})?(?:==[\w.+]+)? and"
    r"|Because ([\w.-]+) was not found in the package registry"
    r"|No matching distribution found for ([\w.-]+(?:[=<>!~]+[\w.]+)?)"
)
WRONG_PYTHON = re.compile(
    r"the (?:current|requested) Python version \(([\d.]+)\) does not satisfy (Python\S+)"
    r"|no wheels with a matching Python (?:ABI|implementation|version) tag|has no wheels with"
)


def _resolution(output: str, package: str) -> Failure | None:
    flat = re.sub(r"\s+", " ", output)
    reason = re.search(r"(Because .*?(?:unsatisfiable|cannot be used|conflict)[^.]*\.)", flat)
    said = reason[1][:700] if reason else ""
    if python := WRONG_PYTHON.search(flat):
        cure = "Pin a version that supports it, or ask for another Python (.python-version)."
        return Failure("too_new", f"A dependency does not support this Python: {said or python[0]}", cure)
    if absent := NOT_THERE.search(flat):
        name = next((part for part in absent.groups() if part), "")
        return Failure("absent", f"The package index does not have {name}: {said or absent[0]}", "Pin a version that exists.", name)
    if re.search("No solution found|ResolutionImpossible|conflicting dependencies", flat):
        message = f"The dependencies contradict each other: {said or telling_line(output)}"
        return Failure("conflict", message, "Loosen or update the pins named there.")
    return None


def _backend(output: str, package: str) -> Failure | None:
    lacking = LACKS.search(output)
    if OLD_BACKEND.search(output):
        message = f"{package or 'A dependency'} is built by a script too old for today's setuptools: {telling_line(output)}"
        return Failure("backend", message, "Pin a newer version of it, or ask for an older Python.", package)
    if lacking and package:
        module = lacking[1].split(".")[0]
        cure = "Pin a newer version of it that has a wheel."
        return Failure("needs_at_build", f"{package} needs {module} to be built and does not say so.", cure, package, module)
    return None


WENT_WRONG = re.compile(r"error|not found|no such file|could not|cannot|can't|fatal|required|unable|missing|failed", re.I)


def _compiler(output: str, package: str) -> Failure | None:
    """A header that the compiler did not find: the plainest of reasons, whatever else was printed."""
    lacking = LACKING_HEADER.search(output)
    if lacking is None:
        return None
    row = next((row for row in HEADERS if re.search(row[0], lacking[0])), None)
    return _needs(package or "A dependency", lacking[0], row)


def _headers(output: str, package: str) -> Failure | None:
    for row in HEADERS if package else ():
        found = re.search(rf"^.*(?:{row[0]}).*$", output, re.M)
        if found and WENT_WRONG.search(_around(output, found)):
            return _needs(package, found[0], row)
    return None


def _needs(package: str, said: str, row: tuple[str, str, str] | None) -> Failure:
    message = f"{package} must be compiled here, and something for that is missing: {said.strip()[:200]}"
    cure = "Install the development files it names, or pin a version that has a wheel."
    if row is not None:
        cure = f"Install {row[1]} (Debian, Ubuntu: `apt install {row[1]}`; Fedora: {row[2]}), or pin a version that has a wheel."
    return Failure("headers", message, cure, package)


def _network(output: str, package: str) -> Failure | None:
    if not NETWORK.search(output):
        return None
    return Failure(
        "network", f"A package index or address could not be reached: {telling_line(output)}", "Check the network and try again."
    )


def _package(output: str) -> str:
    found = PACKAGE.findall(output)
    return str(found[-1][0]) if found else ""


def _around(output: str, found: re.Match[str]) -> str:
    return output[max(0, found.start() - 300) : found.end() + 300]


def telling_line(output: str) -> str:
    """The line that says most: the last one that names an error, without decoration."""
    lines = [re.sub(r"^(hint:|[\s│├╰─▶×?→])*", "", line).strip() for line in output.splitlines()]
    lines = [line for line in lines if line]
    telling = [
        line for line in lines if re.search(r"(error|exception|failed|fatal|cannot|not found|unsupported|invalid)\b", line, re.I)
    ]
    wordy = [
        line
        for line in telling
        if not re.match(r"(npm (ERR!|error) (A complete log|code|errno)|error: subprocess-exited|note:)", line)
    ]
    return (wordy or telling or lines or ["no output"])[-1][:400]


ENGINES = (  # of npm's devEngines, of npm's engines where they are strict, of yarn
    re.compile(
        r"current: \{ name: 'node', version: '(?P<here>[^']{1,80})' \},?\s{0,9}(?:npm error \w+\s{0,9})?"
        r"required: [^}]{0,400}?version: '(?P<asked>[^']{1,80})'"
    ),
    re.compile(
        r'Required: \{[^}]{0,400}?"node": ?"(?P<asked>[^"]{1,80})"[^}]{0,400}\}\s{0,9}(?:npm (?:ERR!|error) notsup\s{0,9})?'
        r'Actual: {1,9}\{[^}]{0,400}?"node": ?"(?P<here>[^"]{1,80})"'
    ),
    re.compile(
        r'The engine "node" is incompatible with this module\. '
        r'Expected version "(?P<asked>[^"]{1,80})"\. Got "(?P<here>[^"]{1,80})"'
    ),
)


def _engine(output: str) -> tuple[str, str] | None:
    """The version of Node.js that is asked for, and the one that is here, where a step stopped for that."""
    found = next((match for pattern in ENGINES if (match := pattern.search(output))), None)
    return (found["asked"], found["here"]) if found else None


def explain_step(name: str, output: str, why: str) -> tuple[str, str]:
    """Message and cure for a build step that failed."""
    missing = re.search(
        r"(?:sh: \d+: |bash: )?([\w./-]+): (?:command )?not found|^([\w.-]+): No such file or directory", output, re.M
    )
    if missing:
        program = missing[1] or missing[2]
        return f"{name} needs {program}, which is not there.", f"Install {program}, or change the build steps of the application."
    if engine := _engine(output):
        asked, here = engine
        return (
            f"{name} needs Node.js {asked}; {here} is installed.",
            f"Install Node.js {asked} so that it comes first on the PATH, or change the build steps of the application.",
        )
    if NETWORK.search(output):
        return f"{name} could not reach the network: {telling_line(output)}", "Check the network and the registry, and try again."
    return (
        f"{name} failed ({why}): {telling_line(output)}",
        "Read its log; mend it in the repository, or change the build steps of the application.",
    )
