"""The logs of all pods of a release, followed together: new pods join, ended ones leave, nothing is told twice."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from controlplane.core.errors import TimonelError
from controlplane.core.redaction import redact
from workloads.adapters.kubernetes.asking import pauses
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import Absent, ApiFailure, Forbidden
from workloads.adapters.kubernetes.following import follow
from workloads.adapters.kubernetes.kinds import Json, kind_named

POD = kind_named("Pod")
MOST_AT_ONCE = 50  # containers that are followed
WAITING = 10_000  # lines between the cluster and a slow reader; then reading the cluster waits
SILENCE = 30.0  # seconds without a line until a container's log is asked for again
LONGEST = 8_000  # characters of a line
ENDED = {"Succeeded", "Failed"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one container, redacted. `at` is the cluster's time (RFC 3339); a `note` is about the pod, not from it."""

    pod: str
    container: str
    at: str
    text: str
    note: bool = False


@dataclass
class _Heard:
    """How far one container was heard: after a cut the cluster tells the last second again."""

    at: str = ""
    _within: set[str] = field(default_factory=set)

    def anew(self, at: str, line: str) -> bool:
        """Whether this line was not heard yet; it is from now on."""
        if at[:19] != self.at[:19]:
            self._within.clear()
        new, self.at = line not in self._within, at
        self._within.add(line)
        return new


@dataclass
class Together:
    """The logs of the pods that the labels select, in one stream. Ends when `stop` is called or its time is over."""

    client: Client
    namespace: str
    labels: str
    lines: int = 100  # of each container from before
    _told: queue.Queue[Line | None] = field(default_factory=lambda: queue.Queue(WAITING))
    _stopped: threading.Event = field(default_factory=threading.Event)
    _followed: dict[tuple[str, str, str], threading.Thread] = field(default_factory=dict)  # uid, pod, container

    def follow(self, seconds: float | None = None, *, idle: float = 1.0) -> Iterator[Line | None]:
        """Each line as it comes; None after every `idle` seconds without one, so that the reader can look whether it is wanted."""
        end = time.monotonic() + seconds if seconds is not None else float("inf")
        threading.Thread(target=self._pods, args=(seconds,), name=f"pods of {self.labels}", daemon=True).start()
        try:
            while not self._stopped.is_set() and time.monotonic() < end:
                try:
                    line = self._told.get(timeout=min(idle, max(0.01, end - time.monotonic())))
                except queue.Empty:
                    yield None
                    continue
                if line is None:
                    return
                yield line
        finally:
            self.stop()

    def stop(self) -> None:
        """Follow nothing more; the threads end with their next line or silence."""
        self._stopped.set()

    def _pods(self, seconds: float | None) -> None:
        try:
            for event in follow(self.client, POD, self.namespace, labels=self.labels, seconds=seconds, window=5.0):
                if self._stopped.is_set():
                    return
                if event.type in {"ADDED", "MODIFIED"}:
                    self._join(event.item)
        except TimonelError as error:
            self._put(Line("", "", "", redact(str(error)), note=True))
            self._put(None)

    def _join(self, pod: Json) -> None:
        """Follow the containers that have begun and are not followed yet."""
        status, at = pod.get("status") or {}, pod["metadata"]
        for one in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
            key = (str(at.get("uid", "")), str(at["name"]), str(one.get("name", "")))
            if "waiting" in (one.get("state") or {}) and not one.get("restartCount"):
                continue
            if key in self._followed:
                continue
            if len([thread for thread in self._followed.values() if thread.is_alive()]) >= MOST_AT_ONCE:
                self._put(Line(key[1], key[2], "", f"not followed: more than {MOST_AT_ONCE} containers", note=True))
                self._followed[key] = threading.current_thread()
                continue
            thread = threading.Thread(target=self._container, args=key[1:], name=f"log of {key[1]}", daemon=True)
            self._followed[key] = thread
            thread.start()

    def _container(self, pod: str, container: str) -> None:
        """One container over its restarts, until its pod has ended or is gone."""
        heard, pause = _Heard(), pauses()
        while not self._stopped.is_set():
            before = heard.at
            try:
                self._read(pod, container, heard)
            except Absent:
                return
            except Forbidden as failure:
                self._put(Line(pod, container, "", redact(str(failure)), note=True))
                return
            except ApiFailure:
                pass  # not begun, cut, refused for now: asked again below
            if self._over(pod):
                return
            pause = pauses() if heard.at != before else pause
            self._stopped.wait(next(pause))

    def _read(self, pod: str, container: str, heard: _Heard) -> None:
        told = self.client.log_lines(self.namespace, pod, container, since=heard.at, lines=self.lines, seconds=SILENCE)
        for line in told:
            if self._stopped.is_set():
                return
            at, _, text = line.partition(" ")
            if heard.anew(at, line):
                self._put(Line(pod, container, at, redact(text[:LONGEST])))

    def _over(self, pod: str) -> bool:
        """Whether nothing more can come of this pod."""
        try:
            item = self.client.get(POD, pod, self.namespace)
        except ApiFailure:
            return False
        return item is None or (item.get("status") or {}).get("phase") in ENDED

    def _put(self, line: Line | None) -> None:
        while not self._stopped.is_set():
            try:
                self._told.put(line, timeout=0.5)
            except queue.Full:
                continue
            return


def of_release(client: Client, namespace: str, environment: int, release: str = "", *, lines: int = 100) -> Together:
    """The pods of an environment's release (of any, where none is named), by the labels that its manifests set."""
    labels = f"timonel.dev/environment={environment}" + (f",timonel.dev/release={release}" if release else "")
    return Together(client, namespace, labels, lines)
