"""The cluster read for a snapshot: side by side, within bounds and a deadline. What failed is told, never guessed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, TypeVar

from controlplane.core.errors import TimonelError
from controlplane.core.redaction import redact
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import Absent, ApiFailure, Busy, Failing, Forbidden, Rejected, Unreachable
from workloads.snapshots import logs, probing
from workloads.snapshots.coverage import Coverage
from workloads.snapshots.declared import differing
from workloads.snapshots.limits import Limits, Read, reads
from workloads.snapshots.veil import Json, veiled

Result = TypeVar("Result")
Say = Callable[[str], None]
MAY_NOT = "the identity may not"
# What a kubelet gives, with 200, for a log that is gone.
NO_LOG = re.compile(r"unable to retrieve container logs for \S+|failed to try resolving symlinks in path .{1,1000}")


@dataclass
class Collecting:
    """One reading of one scope ("" is the whole cluster)."""

    client: Client
    namespace: str
    limits: Limits
    coverage: Coverage
    say: Say
    rendered: tuple[Json, ...] = ()  # manifests that should be running there
    objects: list[Json] = field(default_factory=list)
    declared: list[Json] = field(default_factory=list)
    _end: float = 0.0
    _silent: set[str] = field(default_factory=set)  # nodes that give no logs

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.limits.seconds

    def read_objects(self) -> None:
        """Every kind there is. Raises what keeps the cluster from being asked at all."""
        groups = {str(group.get("name", "")) for group in self.client.ask("GET", "/apis").get("groups") or []}
        wanted = reads(self.namespace, groups)
        for read, found in self._side_by_side(wanted, self._listed, "objects", lambda read: read.said):
            self.declared += differing(found, [one for one in self.rendered if _is_of(one, read)])
            self.objects += [veiled(item) for item in found]
        self.declared = sorted((veiled(item) for item in self.declared), key=_named)
        self.objects.sort(key=_named)
        if not self.objects:
            self.coverage.missing("objects", "nothing could be read, or nothing is there")
        self.coverage.whole("objects")
        self.coverage.whole("declared")

    def read_logs(self) -> Iterator[tuple[logs.Wanted, str]]:
        """Present and previous logs, redacted, as they come."""
        pods = [item for item in self.objects if item["kind"] == "Pod" and self.namespace in {"", item["metadata"]["namespace"]}]
        wanted, left = logs.wanted(pods, self.limits.pods)
        if left:
            self.coverage.lacking("logs", f"{left} pods more than the {self.limits.pods} whose logs are read")
        size = 0
        for log, found in self._side_by_side(wanted, self._log, "logs", lambda log: f"the log of {log.pod}"):
            if size > self.limits.all_log_bytes:
                self.coverage.lacking("logs", f"more than {self.limits.all_log_bytes >> 20} MiB of logs")
                continue
            size += len(found)
            yield log, found
        self.coverage.whole("logs")

    def probes(self) -> Json:
        """Active checks by their kind; a kind that could not be checked is absent."""
        found: Json = {}
        nodes = probing.configuration(self.objects)
        if nodes["node_count"]:
            found["clusterConfiguration"] = nodes
        targets, left = probing.targets(self.objects, self.namespace, self.limits.services)
        if left:
            self.coverage.lacking("probes", f"{left} Services more than the {self.limits.services} that are probed")
        checked = self._side_by_side(targets, self._reached, "probes", lambda one: f"{one[0]}/{one[1]}:{one[2]}")
        connected = sorted((one for _, one in checked if one), key=lambda one: (one["namespace"], one["service"], one["port"]))
        if connected:
            found["serviceConnectivity"] = connected
        try:
            found["controlPlane"] = probing.control_plane(self.client)
        except ApiFailure as failure:
            self.coverage.lacking("probes", f"the API server's own checks: {failure.message}")
        self.coverage.whole("probes")
        return found

    def _listed(self, read: Read) -> list[Json]:
        head = {"apiVersion": read.kind.api, "kind": read.kind.name}
        secret = read.kind.name == "Secret"
        found, _ = self.client.scan(read.kind, lambda item: {**item, **head}, read.namespace, metadata_only=secret)
        return found

    def _log(self, log: logs.Wanted) -> str | None:
        if log.node in self._silent:
            raise Unreachable(f"node {log.node} gives no logs")
        lines, most = self.limits.log_lines, self.limits.log_bytes
        try:
            found = self.client.log(log.namespace, log.pod, log.container, previous=log.previous, lines=lines, most=most)
        except (Absent, Rejected):
            return None  # no such log: gone, or not begun
        except (Busy, Failing, Unreachable) as failure:
            self._silent.add(log.node)
            raise Unreachable(f"node {log.node} gives no logs: {failure.message}") from failure
        if not NO_LOG.fullmatch(found.strip()):
            return redact(found)
        if log.previous:
            return None
        raise Unreachable("it runs, and its log is gone from its node")

    def _reached(self, target: tuple[str, str, int]) -> Json | None:
        found = probing.connectivity(self.client, *target)
        if found is None:
            self.coverage.lacking("probes", f"{target[0]}/{target[1]}:{target[2]} cannot be judged from outside")
        return found

    def _side_by_side(
        self, wanted: Iterable[Any], ask: Callable[[Any], Result | None], kind: str, name: Callable[[Any], str]
    ) -> Iterator[tuple[Any, Result]]:
        """Each thing with its answer, in the order of the answers; what fails goes into the coverage."""
        pool = ThreadPoolExecutor(self.limits.at_once, thread_name_prefix="snapshot")
        asked: dict[Future[Result | None], Any] = {pool.submit(ask, one): one for one in wanted}
        done = 0
        try:
            for future in as_completed(asked, timeout=max(0.1, self._end - time.monotonic())):
                one, done = asked[future], done + 1
                if done % 20 == 0 or done == len(asked):
                    self.say(f"{kind}: {done} of {len(asked)}")
                found = self._answer(future, kind, name(one))
                if found is not None:
                    yield one, found
        except TimeoutError:
            self.coverage.lacking(kind, f"{len(asked) - done} of {len(asked)} questions were not answered in time")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, future: Future[Result | None], kind: str, name: str) -> Result | None:
        try:
            return future.result()
        except Absent:
            return None
        except Forbidden as failure:
            self.coverage.lacking(kind, f"{MAY_NOT} {failure.right}" if failure.right else f"{name}: {failure.message}")
        except TimonelError as error:
            self.coverage.lacking(kind, f"{name}: {error.message}")
        return None


def _is_of(item: Json, read: Read) -> bool:
    """Whether an object like this would be in this answer: another namespace's does not lack it."""
    space = str((item.get("metadata") or {}).get("namespace", ""))
    return item.get("kind") == read.kind.name and read.namespace in {"", space}


def _named(item: Json) -> tuple[str, str, str]:
    metadata = item["metadata"]
    return str(item["kind"]), str(metadata.get("namespace", "")), str(metadata["name"])
