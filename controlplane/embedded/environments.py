"""Which variables each child may see: a list of what it needs, never all of ours."""

from __future__ import annotations

import os
from collections.abc import Mapping

PLAIN: tuple[str, ...] = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "TERM",
    "NO_COLOR",
    "COLORTERM",
    "COLUMNS",
)
PLAIN_PREFIXES: tuple[str, ...] = ("LC_",)
OURS = ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE", "DJANGO_SETTINGS_MODULE", "PYTHONWARNINGS")
OURS_PREFIXES = ("TIMONEL_",)
# Building applications reaches the network, package indexes and repositories.
BUILDS = (
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "PYENV_ROOT",
    "NVM_DIR",
    "XDG_CACHE_HOME",
)
BUILDS_PREFIXES = (
    "PIP_",
    "UV_",
    "NPM_CONFIG_",
    "npm_config_",
    "GIT_",
    "HTTP_",
    "HTTPS_",
    "http_",
    "https_",
    "NO_PROXY",
    "no_proxy",
    "ALL_",
)
ADMINISTRATOR_ONLY = ("TIMONEL_ADMIN_PASSWORD", "TIMONEL_ADMIN_PASSWORD_FILE")


def plain(source: Mapping[str, str] | None = None) -> dict[str, str]:
    """For servers that need nothing of Timonel."""
    return _pick(source, PLAIN, PLAIN_PREFIXES)


def timonel(
    data: str, *, builds: bool = False, administrator: bool = False, source: Mapping[str, str] | None = None
) -> dict[str, str]:
    """For a process of Timonel; the addresses and keys it reads from the files in the data folder.

    `builds` adds what fetching and building applications needs, `administrator` the first password.
    """
    names, prefixes = PLAIN + OURS, PLAIN_PREFIXES + OURS_PREFIXES
    if builds:
        names, prefixes = names + BUILDS, prefixes + BUILDS_PREFIXES
    environment = _pick(source, names, prefixes)
    if not administrator:
        for name in ADMINISTRATOR_ONLY:
            environment.pop(name, None)
    environment.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings.embedded")
    return {**environment, "TIMONEL_DATA": data, "PYTHONUNBUFFERED": "1"}


def _pick(source: Mapping[str, str] | None, names: tuple[str, ...], prefixes: tuple[str, ...]) -> dict[str, str]:
    found = os.environ if source is None else source
    return {name: value for name, value in found.items() if name in names or name.startswith(prefixes)}
