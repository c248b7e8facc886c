"""What pods use, for pages: asked in a thread now and then while somebody looks, so that no page waits for metrics-server."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from controlplane.core.errors import TimonelError
from workloads.adapters.kubernetes import usage
from workloads.adapters.kubernetes.client import Client

EVERY = 10.0  # seconds; metrics-server itself measures no oftener
OLD = 60.0  # seconds after which a figure says nothing any more
UNWATCHED = 240.0
Used = dict[tuple[str, str], tuple[float | None, float | None]]  # (pod, container): cores, bytes


@dataclass
class Meter:
    """One namespace as one identity sees it."""

    client: Client
    namespace: str
    looked: float = 0.0
    _known: Used | None = None
    _asked: float = 0.0
    _told: float = 0.0
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, *, wait: float = 0.0) -> Used | None:
        """What was told last, not long ago; None where nothing was. Waits so many seconds for the first answer only."""
        now = time.monotonic()
        with self._lock:
            if now - self._asked > EVERY and (self._thread is None or not self._thread.is_alive()):
                self._asked = now
                self._thread = threading.Thread(target=self._run, name=f"usage in {self.namespace}", daemon=True)
                self._thread.start()
        if self._told == 0.0 and wait > 0 and self._thread is not None:
            self._thread.join(wait)
        return self._known if time.monotonic() - self._told < OLD else None

    def _run(self) -> None:
        try:
            found = usage.pods(self.client, self.namespace)
        except TimonelError:  # no metrics here: that is said, and asked again later
            self._known = None
        else:
            self._known = {(one.pod, one.container): (one.cpu, one.memory) for one in found}
        self._told = time.monotonic()


@dataclass
class Meters:
    """Those of this process; the ones that nobody looked at are let go."""

    _held: dict[tuple[int, str], Meter] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, client: Client, namespace: str) -> Meter:
        """The one there is, or a new one."""
        now = time.monotonic()
        with self._lock:
            for key, meter in list(self._held.items()):
                if now - meter.looked > UNWATCHED:
                    del self._held[key]
            meter = self._held.setdefault((id(client), namespace), Meter(client, namespace))
            meter.looked = now
            return meter


METERS = Meters()
