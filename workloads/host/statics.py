"""Collected static files, served by the stable address where the application leaves that to the web server before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Statics:
    """Addresses that begin with the prefix are files below the folder."""

    prefix: str
    folder: Path

    def find(self, target: str) -> Path | None:
        """The file that a request's target names, never one outside the folder."""
        path = unquote(urlsplit(target).path)
        if not path.startswith(self.prefix) or "\0" in path:
            return None
        root = self.folder.resolve()
        file = (root / path.removeprefix(self.prefix).lstrip("/")).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None


def statics_of(plan: Mapping[str, Any], application: Path, own: Path) -> Statics | None:
    """Where a release's static files are collected; None when it has none, or they are on another site.

    A folder that holds our own data is refused, whatever the settings say.
    """
    prefix, root = str(plan.get("static_url") or ""), str(plan.get("static_root") or "")
    folder = application / root
    if not root or not prefix.startswith("/") or len(prefix) < 2 or own.resolve().is_relative_to(folder.resolve()):
        return None
    return Statics(prefix, folder)


def left_to_us(method: str, status: int, content_type: str) -> bool:
    """Whether the application's answer says that it does not serve this file: not found, or some page instead of it."""
    return method in {"GET", "HEAD"} and (status not in {200, 206, 304} or content_type.startswith("text/html"))


def response(file: Path) -> web.FileResponse:
    """The file, with ranges and conditional requests."""
    return web.FileResponse(file, headers={"X-Content-Type-Options": "nosniff"})
