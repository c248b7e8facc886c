"""A warm view of one kind of object for pages: listed once, then only watched, in a thread, while somebody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from controlplane.core.errors import TimonelError
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.following import Followed, following
from workloads.adapters.kubernetes.kinds import Json, Kind

AGAIN = 4.0  # seconds after a failure for good until it is tried anew
UNWATCHED = 120.0  # seconds after the last look until it is given up
WINDOW = 20.0


def lean(item: Json) -> Json:
    """The object without what only managers of fields read: half of its size."""
    metadata = {name: value for name, value in (item.get("metadata") or {}).items() if name != "managedFields"}
    return {**item, "metadata": metadata}


@dataclass(frozen=True, slots=True)
class Look:
    """What is known: `seen_at` (monotonic seconds) is when the cluster last confirmed it; `failure` why it no longer does.

    `ended` is the failure that made us give up: a right that is missing, a kind that is not there.
    """

    items: list[Json]
    warm: bool
    seen_at: float
    failure: str = ""
    ended: TimonelError | None = None


@dataclass
class View:
    """One kind in one place, as one identity sees it."""

    client: Client
    kind: Kind
    namespace: str = ""
    slim: Callable[[Json], Json] = lean
    _known: dict[tuple[str, str], Json] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _warmed: threading.Event = field(default_factory=threading.Event)
    _looked: float = 0.0
    _seen: float = 0.0
    _failure: str = ""
    _ended: TimonelError | None = None
    _ended_at: float = 0.0
    _thread: threading.Thread | None = None

    def look(self, *, wait: float = 5.0) -> Look:
        """What is there; waits so many seconds for the first list only."""
        self._looked = time.monotonic()
        with self._lock:
            gone = self._thread is None or not self._thread.is_alive()
            if gone and (self._ended is None or time.monotonic() - self._ended_at > AGAIN):
                self._warmed.clear()
                self._failure, self._ended = "", None
                self._thread = threading.Thread(target=self._run, name=f"view of {self.kind.plural}", daemon=True)
                self._thread.start()
        self._warmed.wait(wait)
        with self._lock:
            return Look(
                list(self._known.values()), self._warmed.is_set() and not self._failure, self._seen, self._failure, self._ended
            )

    def join(self, seconds: float) -> None:
        """Wait until its thread has ended."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        followed = Followed(self.client, self.kind, self.namespace, window=WINDOW, slim=self.slim)
        try:
            for event in following(followed):
                with self._lock:
                    if event.type == "SYNCED":
                        self._known = followed.known
                        self._warmed.set()
                    self._failure = str(event.item.get("failure", "")) if event.type == "IDLE" else ""
                    self._seen = self._seen if self._failure else time.monotonic()
                if time.monotonic() - self._looked > UNWATCHED:
                    return
        except TimonelError as error:
            with self._lock:
                self._failure, self._ended, self._ended_at = str(error), error, time.monotonic()
            self._warmed.set()


@dataclass
class Views:
    """The views of this process: one for each client, kind and namespace that pages look at."""

    _held: dict[tuple[int, Kind, str], View] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, client: Client, kind: Kind, namespace: str = "") -> View:
        """The one there is, or a new one; those that nobody looked at are let go."""
        now = time.monotonic()
        with self._lock:
            for key, view in list(self._held.items()):
                if now - view._looked > 2 * UNWATCHED:
                    del self._held[key]
            view = self._held.setdefault((id(client), kind, namespace), View(client, kind, namespace))
            view._looked = now
            return view

    def forget(self) -> list[View]:
        """Let all of them go: each ends with what it hears next."""
        with self._lock:
            gone = list(self._held.values())
            self._held.clear()
        for view in gone:
            view._looked = float("-inf")
        return gone


VIEWS = Views()
