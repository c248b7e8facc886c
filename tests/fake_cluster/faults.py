"""What goes wrong on command, and at which request."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

# What the name means is done by `server`; each is one way a real API server (or what stands before it) misbehaves.
KINDS = (
    "conflict",  # 409
    "gone",  # 410, of a list's continuation or a watch
    "busy",  # 429 with Retry-After
    "error_after",  # 500 after the write was done
    "error_before",  # 500 before it was
    "slow_watch",  # events come late
    "cut_list",  # the answer ends in the middle, with its full length announced
    "cut_watch",  # the watch ends in the middle of a line
    "timeout",  # no answer for `seconds`, the request is done or not
    "half",  # half a JSON document, well delivered
    "expired",  # 401
    "refused",  # the connection is reset, and nobody listens for `seconds`
)


@dataclass
class Fault:
    """One kind of fault: at the requests whose method and path fit, after so many have passed, so many times."""

    kind: str
    method: str = ""  # a regular expression for the whole method; empty: any
    path: str = ""  # a regular expression found in the path with its query; empty: any
    times: int = 1
    after: int = 0
    seconds: float = 0.3

    def __post_init__(self) -> None:
        assert self.kind in KINDS, f"{self.kind} is none of {', '.join(KINDS)}"


@dataclass
class Faults:
    """The faults that are still to come."""

    waiting: list[Fault] = field(default_factory=list)
    happened: list[tuple[str, str]] = field(default_factory=list)  # kind, request
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, method: str, path: str, kinds: tuple[str, ...]) -> Fault | None:
        """The fault for this request, if one is due."""
        with self._lock:
            for fault in self.waiting:
                if fault.kind not in kinds or fault.times <= 0:
                    continue
                if (fault.method and not re.fullmatch(fault.method, method)) or not re.search(fault.path, path):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                self.happened.append((fault.kind, f"{method} {path}"))
                return fault
        return None
