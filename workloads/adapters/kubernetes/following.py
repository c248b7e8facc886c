"""A kind of object followed for as long as somebody looks: listed once, then only watched."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from workloads.adapters.kubernetes.asking import pauses
from workloads.adapters.kubernetes.client import Client, Event
from workloads.adapters.kubernetes.failures import ApiFailure, Busy, Failing, Gone, Unreachable
from workloads.adapters.kubernetes.kinds import Json, Kind

WINDOW = 30.0  # seconds of one watch
PATIENCE = 60.0  # seconds without any answer until the last failure is raised
SHORT = 1.0  # seconds: a watch that ends sooner is not begun again at once
Key = tuple[str, str]  # namespace, name


@dataclass
class Followed:
    """What is followed, and what is known of it."""

    client: Client
    kind: Kind
    namespace: str = ""
    labels: str = ""
    fields: str = ""
    window: float = WINDOW
    slim: Callable[[Json], Json] = lambda item: item
    known: dict[Key, Json] = field(default_factory=dict)
    version: str = ""

    def synced(self) -> Iterator[Event]:
        """List, and tell how it differs from what is known; ends with SYNCED."""
        head = {"apiVersion": self.kind.api, "kind": self.kind.name}
        items, version = self.client.scan(
            self.kind, lambda item: self.slim({**head, **item}), self.namespace, labels=self.labels, fields=self.fields
        )
        present = {_key(item): item for item in items}
        for key in [key for key in self.known if key not in present]:
            yield Event("DELETED", self.known.pop(key))
        for key, item in present.items():
            before = self.known.get(key)
            self.known[key] = item
            if before is None:
                yield Event("ADDED", item)
            elif _version(before) != _version(item):
                yield Event("MODIFIED", item)
        self.version = version
        yield Event("SYNCED", {})

    def watched(self, seconds: float) -> Iterator[Event]:
        """One watch from the last version on."""
        told = self.client.watch(self.kind, self.version, self.namespace, labels=self.labels, fields=self.fields, seconds=seconds)
        for event in told:
            self.version = _version(event.item) or self.version
            if event.type == "BOOKMARK":
                continue
            item = self.slim(event.item)
            if event.type == "DELETED":
                self.known.pop(_key(item), None)
            else:
                self.known[_key(item)] = item
            yield Event(event.type, item)


def follow(
    client: Client,
    kind: Kind,
    namespace: str = "",
    *,
    labels: str = "",
    fields: str = "",
    seconds: float | None = None,
    window: float = WINDOW,
    patience: float = PATIENCE,
) -> Iterator[Event]:
    """Every object as ADDED, then SYNCED, then what changes, for at most `seconds` (None: for ever).

    IDLE comes at the end of each `window` seconds (with the `failure` that ended it, if one did), so that whoever waits can look
    at the clock. A watch that is cut goes on at
    its last version; one that is too old (Gone) lists again and tells the difference. Raises Forbidden and Unauthorized at once,
    other failures when nothing was answered for `patience` seconds.
    """
    yield from following(Followed(client, kind, namespace, labels, fields, window), seconds=seconds, patience=patience)


def following(
    followed: Followed, *, seconds: float | None = None, patience: float = PATIENCE, wait: Callable[[float], None] = time.sleep
) -> Iterator[Event]:
    """As `follow`, of a Followed that the caller keeps."""
    end = time.monotonic() + seconds if seconds is not None else float("inf")
    answered, pause = time.monotonic(), pauses()
    while (left := end - time.monotonic()) > 0:
        began, failure = time.monotonic(), None
        try:
            if not followed.version:
                yield from followed.synced()
            for event in followed.watched(min(followed.window, left)):
                answered = time.monotonic()
                yield event
            answered = time.monotonic()
        except (Gone, Busy, Failing, Unreachable) as error:
            failure = error
            followed.version = "" if isinstance(error, Gone) else followed.version
            if time.monotonic() - answered > patience:
                raise
        if failure is None and time.monotonic() - began > min(SHORT, followed.window):
            pause = pauses()
        else:
            wait(min(max(_asked(failure), next(pause)), max(0.0, end - time.monotonic())))
        yield Event("IDLE", {"failure": str(failure)} if failure else {})


def _asked(failure: ApiFailure | None) -> float:
    """The seconds that the server asks us to wait."""
    return failure.retry_after or 0.0 if failure else 0.0


def _key(item: Json) -> Key:
    at = item.get("metadata") or {}
    return str(at.get("namespace", "")), str(at.get("name", ""))


def _version(item: Json) -> str:
    return str((item.get("metadata") or {}).get("resourceVersion", ""))
