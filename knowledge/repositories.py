"""Whether two Git addresses are of one repository, in whichever form each is written. Pure.

`https://git.example.org/harbour/shop.git`, `git@git.example.org:harbour/shop` and `ssh://git@git.example.org:22/harbour/shop/`
are one. A name, key or password in an address tells nobody apart; a port does, unless it is the usual one.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

SHORT = re.compile(r"(?:[^@/\s]+@)?(?P<host>\[[0-9a-fA-F:.]+\]|[^:/@\s\[\]]+):(?P<path>(?!//)\S+)")
USUAL = {"https": 443, "http": 80, "ssh": 22, "git": 9418, "git+ssh": 22, "ssh+git": 22, "git+https": 443}


def place_of(address: str) -> str:
    """`host/owner/name` in small letters, with the port where it is unusual; nothing for what is no address of a host."""
    address = address.strip()
    if "://" not in address:
        short = SHORT.fullmatch(address)
        return _place(short["host"].strip("[]"), None, short["path"]) if short and len(short["host"]) > 1 else ""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in USUAL or not host:
        return ""
    return _place(host, None if port == USUAL[parts.scheme] else port, parts.path)


def _place(host: str, port: int | None, path: str) -> str:
    parts = [part for part in unquote(path).strip("/").removesuffix(".git").split("/") if part]
    if not parts or any(part in (".", "..") for part in parts):
        return ""
    return "/".join([host.rstrip(".") + (f":{port}" if port else ""), *parts]).lower()
