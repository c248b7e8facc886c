"""Pure: what Python packages need of Debian: to be compiled where they have no wheel, and to run.

The names are those of Debian 12 (bookworm). `wheels` says from which version on there are wheels for each Python (pypi.org).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workloads.images.recipe import name_of, older, version_of

COMPILER = ("gcc", "libc6-dev")


@dataclass(frozen=True, slots=True)
class Need:
    """Debian's packages for one Python package; without `wheels` it is always compiled."""

    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    wheels: dict[str, str] = field(default_factory=dict)


def _words(build: str = "", run: str = "", wheels: str = "") -> Need:
    since = dict(pair.split(":") for pair in wheels.split())
    return Need(tuple(build.split()), tuple(run.split()), since)


# Compiled always, or for the Pythons that their version is older than.
COMPILED = {
    "psycopg2": _words("libpq-dev", "libpq5"),
    "psycopg-c": _words("libpq-dev", "libpq5"),
    "mysqlclient": _words("default-libmysqlclient-dev pkg-config", "libmariadb3"),
    "python-ldap": _words("libldap2-dev libsasl2-dev", "libldap-2.5-0 libsasl2-2"),
    "xmlsec": _words(
        "libxml2-dev libxmlsec1-dev libxmlsec1-openssl pkg-config", "libxmlsec1-openssl", "3.8:1.3.12 3.9:1.3.12 3.10:1.3.14"
    ),
    "pycairo": _words("libcairo2-dev pkg-config", "libcairo2"),
    "pygraphviz": _words("libgraphviz-dev pkg-config", "libgraphviz-dev"),
    "pygobject": _words("libgirepository1.0-dev libcairo2-dev pkg-config", "libgirepository-1.0-1"),
    "dbus-python": _words("libdbus-1-dev libglib2.0-dev pkg-config", "libdbus-1-3"),
    "uwsgi": _words(""),
    "gssapi": _words("libkrb5-dev", "libgssapi-krb5-2"),
    "kerberos": _words("libkrb5-dev", "libgssapi-krb5-2"),
    "pycurl": _words(
        "libcurl4-openssl-dev libssl-dev", "libcurl4",
        "3.6:7.45.2 3.7:7.45.2 3.8:7.45.2 3.9:7.45.2 3.10:7.45.2 3.11:7.45.2 3.12:7.45.3 3.13:7.45.4",
    ),
    "pillow": _words(
        "libjpeg62-turbo-dev zlib1g-dev libfreetype-dev libwebp-dev libtiff-dev libopenjp2-7-dev",
        "libjpeg62-turbo libfreetype6 libwebp7 libwebpmux3 libwebpdemux2 libtiff6 libopenjp2-7",
        "3.6:5.0 3.7:5.2 3.8:7.0 3.9:8.0 3.10:8.4 3.11:9.3 3.12:10.1 3.13:11.0 3.14:12.0",
    ),
    "lxml": _words(
        "libxml2-dev libxslt1-dev", "libxml2 libxslt1.1",
        "3.6:4.2 3.7:4.2.3 3.8:4.4.2 3.9:4.6 3.10:4.6.5 3.11:4.9.2 3.12:4.9.4 3.13:5.3 3.14:6.0.1",
    ),
    "cffi": _words("libffi-dev", "libffi8", "3.8:1.14 3.9:1.14.3 3.10:1.15 3.11:1.15.1 3.12:1.16 3.13:1.17.1 3.14:2.0"),
    "cryptography": _words("libffi-dev libssl-dev pkg-config cargo", "", "3.6:2.0 3.7:2.4 3.8:2.8"),
    "bcrypt": _words("libffi-dev cargo", "", "3.6:3.2 3.7:3.2 3.8:3.2"),
    "hiredis": _words("", "", "3.8:1.1 3.9:2.0 3.10:2.1 3.11:2.1 3.12:2.3 3.13:3.0 3.14:3.3"),
    "pyyaml": _words("", "", "3.6:3.13 3.7:5.1 3.8:5.3 3.9:5.4 3.10:6.0 3.11:6.0.1 3.12:6.0.1 3.13:6.0.2 3.14:6.0.3"),
    "numpy": _words("g++ gfortran", "", "3.8:1.17.4 3.9:1.19.3 3.10:1.21.3 3.11:1.23.3 3.12:1.26 3.13:2.1 3.14:2.3.2"),
    "pandas": _words("g++", "", "3.8:1.0 3.9:1.1.3 3.10:1.3.3 3.11:1.5.1 3.12:2.1.1 3.13:2.2.3 3.14:2.3.3"),
    "gevent": _words("g++", "", "3.8:1.5 3.9:20.9 3.10:21.8 3.11:22.10 3.12:23.9 3.13:24.10 3.14:25.8"),
    "greenlet": _words("g++", "", "3.8:0.4.15 3.9:1.0 3.10:1.1.2 3.11:2.0 3.12:3.0 3.13:3.1 3.14:3.2.4"),
    "markupsafe": _words("", "", "3.8:1.1.1 3.9:2.0 3.10:2.0.1 3.11:2.1.2 3.12:2.1.3 3.13:3.0 3.14:3.0.3"),
}  # fmt: skip
# Loaded at run time, by packages that are pure or whose wheels leave it out.
LOADED = {
    "psycopg": "libpq5",
    "python-magic": "libmagic1",
    "weasyprint": "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "cairosvg": "libcairo2",
    "cairocffi": "libcairo2",
    "pdf2image": "poppler-utils",
    "pytesseract": "tesseract-ocr",
    "pyzbar": "libzbar0",
    "opencv-python": "libgl1 libglib2.0-0",
    "ffmpeg-python": "ffmpeg",
    "moviepy": "ffmpeg",
    "pypandoc": "pandoc",
    "pdfkit": "wkhtmltopdf",
    "gdal": "gdal-bin",
    "gitpython": "git",
    "pymssql": "libsybdb5",
    "pyodbc": "unixodbc",
}
GEO = (
    "binutils",
    "libproj25",
    "gdal-bin",
    "libgdal32",
    "libgeos-c1v5",
)  # docs.djangoproject.com, "Installing Geospatial libraries"


def for_build(pins: Iterable[str], python: str) -> tuple[str, ...]:
    """What compiling needs, in order; nothing where everything has a wheel."""
    needs = [need for pin in pins if (need := COMPILED.get(name_of(pin))) is not None and _compiled(need, pin, python)]
    found = {package for need in needs for package in need.build} | (set(COMPILER) if needs else set())
    return tuple(sorted(found | ({"git", "ca-certificates"} if any("git+" in pin for pin in pins) else set())))


def to_run(pins: Iterable[str], python: str, apps: Iterable[str]) -> tuple[str, ...]:
    """What running needs, in order."""
    names = {name_of(pin) for pin in pins}
    found = {package for name in names for package in LOADED.get(name, "").split()}
    if names & {"psycopg-binary", "psycopg2-binary"}:
        found.discard("libpq5")
    for pin in pins:
        need = COMPILED.get(name_of(pin))
        if need is not None and _compiled(need, pin, python):
            found |= set(need.run)
    return tuple(sorted(found | (set(GEO) if "django.contrib.gis" in set(apps) else set())))


def _compiled(need: Need, pin: str, python: str) -> bool:
    if not need.wheels:
        return True
    since, version = need.wheels.get(python), version_of(pin)
    return bool(since and version and older(version, since))
