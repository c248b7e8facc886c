"""The API server's own record of who wrote what, where its audit log is given (TIMONEL_TEST_AUDIT_LOG names the file)."""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTLE = 0.7  # seconds until the last line is there
OF_A_RELEASE = re.compile(r"-(r\d+-[0-9a-f]{4}|[0-9a-f]{6,})$")
WRITES = frozenset({"create", "update", "patch", "delete"})


@dataclass
class AuditLog:
    """What was written to one namespace since `begin`."""

    file: Path
    namespace: str
    offset: int = 0

    def begin(self) -> None:
        """Count from now on."""
        time.sleep(SETTLE)
        self.offset = self.file.stat().st_size

    def written(self, user: str) -> Counter[str]:
        """How often each object was written by this user: "patch services/shop". What changes with each release is left out."""
        time.sleep(SETTLE)
        return Counter(f"{verb} {OF_A_RELEASE.sub('', title)}" for verb, title, by in self._writes() if by == user)

    def users(self, resource: str) -> set[str]:
        """Who wrote objects like these."""
        return {by for _, title, by in self._writes() if title.startswith(f"{resource}/")}

    def _writes(self) -> Iterator[tuple[str, str, str]]:
        with self.file.open("rb") as held:
            held.seek(self.offset)
            for line in held:
                if line.endswith(b"\n") and self.namespace.encode() in line:
                    yield from _write(json.loads(line), self.namespace)


def _write(told: dict[str, Any], namespace: str) -> Iterator[tuple[str, str, str]]:
    """One that was carried out: no dry run, no refusal."""
    what = told.get("objectRef") or {}
    done = int((told.get("responseStatus") or {}).get("code", 0)) < 300
    if done and told["verb"] in WRITES and what.get("namespace") == namespace and "dryRun=" not in told["requestURI"]:
        part = f"/{what['subresource']}" if what.get("subresource") else ""
        yield told["verb"], f"{what['resource']}{part}/{what.get('name', '')}", told["user"]["username"]


def audit_log(namespace: str) -> AuditLog | None:
    """The log, or None where none is given."""
    named = os.environ.get("TIMONEL_TEST_AUDIT_LOG", "")
    return AuditLog(Path(named).expanduser(), namespace) if named else None
