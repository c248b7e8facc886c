"""Which kinds of evidence a snapshot holds, and what kept others out. Pure."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

KINDS = ("objects", "declared", "logs", "alerts", "metrics", "probes")
MOST_REASONS = 20


@dataclass
class Coverage:
    """Filled while evidence is collected, from many threads. What nobody spoke of is missing."""

    _states: dict[str, str] = field(default_factory=dict)
    _why: dict[str, list[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def whole(self, kind: str) -> None:
        """It was read, unless something was lacking."""
        with self._lock:
            self._states.setdefault(kind, "whole")

    def lacking(self, kind: str, why: str) -> None:
        """Some of it could not be read."""
        with self._lock:
            if self._states.get(kind) != "missing":
                self._states[kind] = "partly"
            self._note(kind, why)

    def missing(self, kind: str, why: str) -> None:
        """None of it was read."""
        with self._lock:
            self._states[kind] = "missing"
            self._note(kind, why)

    def told(self) -> dict[str, dict[str, object]]:
        """For each kind its state (whole, partly, missing) and why."""
        with self._lock:
            return {
                kind: {"state": self._states.get(kind, "missing"), "why": sorted(self._why.get(kind, []))[:MOST_REASONS]}
                for kind in KINDS
            }

    def _note(self, kind: str, why: str) -> None:
        reasons = self._why.setdefault(kind, [])
        if why not in reasons:
            reasons.append(why)
