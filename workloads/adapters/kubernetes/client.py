"""Asking one cluster with one identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from workloads.adapters.kubernetes import asking, discovery, transport
from workloads.adapters.kubernetes.access import Reach
from workloads.adapters.kubernetes.asking import Method, Question
from workloads.adapters.kubernetes.failures import Absent, Gone, Unreachable, failure
from workloads.adapters.kubernetes.kinds import KNOWN, Json, Kind
from workloads.adapters.kubernetes.transport import Transport

CHUNK = 500  # objects a list answer (kubectl's own)
DEADLINE = 30.0  # seconds for an answer
LISTED_AGAIN = 3  # times, when a list grows too old while it is read
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
Slim = TypeVar("Slim")


@dataclass(frozen=True, slots=True)
class Listing:
    """Objects as they were at one resource version."""

    items: list[Json]
    version: str


@dataclass(frozen=True, slots=True)
class Event:
    """One change that a watch told: ADDED, MODIFIED, DELETED or BOOKMARK (and of `follow`: SYNCED, IDLE)."""

    type: str
    item: Json


class Client:
    """One identity at one cluster. Every question has a deadline, in seconds; failures are ApiFailure.

    A question that changes nothing is asked again when it is cut, refused for now (429, 503: after Retry-After) or met by a
    server's error, within the deadline. A write is asked again only when it surely did not arrive; otherwise it raises Unclear.
    """

    def __init__(self, access: Reach, *, deadline: float = DEADLINE) -> None:
        self._line = Transport(access.connection())
        self._deadline = deadline
        self._found: dict[tuple[str, str], Kind] = {}

    @property
    def server(self) -> str:
        """The address of the API."""
        return self._line.connection.server

    @property
    def unchecked(self) -> bool:
        """Whether nobody checks that it is the right server."""
        return self._line.connection.unchecked

    def version(self) -> str:
        """The server's version: "v1.35.0"."""
        return str(self.ask("GET", "/version").get("gitVersion", ""))

    def kind(self, api: str, name: str) -> Kind:
        """A kind of object, asked of the cluster where we do not know it. Raises Absent where it has none."""
        if known := KNOWN.get((api, name)) or self._found.get((api, name)):
            return known
        for kind in discovery.of(self.ask, api):
            self._found[kind.api, kind.name] = kind
        if (api, name) not in self._found:
            raise Absent(f"The cluster has no {name} in {api}.", http=404, cure="Install what defines it (its CRD) first.")
        return self._found[api, name]

    def kinds(self) -> list[Kind]:
        """Every kind that can be listed, in the version the cluster prefers."""
        return list(discovery.every(self.ask))

    def get(self, kind: Kind, name: str, namespace: str = "") -> Json | None:
        """The object, or None where there is none."""
        try:
            return self.ask("GET", kind.path(namespace, name))
        except Absent:
            return None

    def pages(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        chunk: int = CHUNK,
        metadata_only: bool = False,
    ) -> Iterator[Json]:
        """The list, answer by answer as the API gives it, at most `chunk` objects each. Raises Gone when it takes too long.

        `metadata_only`: neither spec nor data leave the cluster.
        """
        query = {"limit": str(chunk), "labelSelector": labels, "fieldSelector": fields}
        while True:
            question = Question(
                "GET", kind.path(namespace), query, accept=ONLY if metadata_only else "application/json", repeatable=True
            )
            page = asking.as_object(self._line, question, seconds=self._deadline)
            if not isinstance(page.get("metadata"), dict):
                raise Unreachable(f"The list of {kind.plural} came without its version.")
            page["items"] = page.get("items") or []
            yield page
            query["continue"] = page["metadata"].get("continue", "")
            if not query["continue"]:
                return

    def scan(
        self,
        kind: Kind,
        slim: Callable[[Json], Slim],
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        metadata_only: bool = False,
    ) -> tuple[list[Slim], str]:
        """What `slim` keeps of each object, and the version: only one page is in memory at a time. Lists again after Gone."""
        for _ in range(LISTED_AGAIN):
            kept: list[Slim] = []
            version = ""
            try:
                for page in self.pages(kind, namespace, labels=labels, fields=fields, metadata_only=metadata_only):
                    kept += [slim(item) for item in page.pop("items")]
                    version = str(page["metadata"].get("resourceVersion", ""))
            except Gone:
                continue
            return kept, version
        raise Gone(f"The list of {kind.plural} grew too old {LISTED_AGAIN} times while it was read.", http=410)

    def listing(self, kind: Kind, namespace: str = "", *, labels: str = "", fields: str = "") -> Listing:
        """Every object, with `apiVersion` and `kind` (list answers leave them out)."""
        head = {"apiVersion": kind.api, "kind": kind.name}
        return Listing(*self.scan(kind, lambda item: {**head, **item}, namespace, labels=labels, fields=fields))

    def watch(
        self, kind: Kind, since: str, namespace: str = "", *, labels: str = "", fields: str = "", seconds: float = 30.0
    ) -> Iterator[Event]:
        """What changes after this resource version, for at most so many seconds. Raises Gone when it is too old."""
        query = {
            "watch": "1",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(max(1, round(seconds))),
            "labelSelector": labels,
            "fieldSelector": fields,
        }
        question = Question("GET", kind.path(namespace), query, repeatable=True)
        for line in transport.lines(self._line.send("GET", question.address, seconds=seconds + 5)):
            told = asking.parsed(line, question)
            item = told.get("object") or {}
            if told.get("type") == "ERROR":
                raise failure(item.get("code", 0), item, {})
            yield Event(str(told.get("type", "")), item)

    def apply(self, item: Json, *, manager: str, dry_run: bool = False, force: bool = False) -> Json:
        """Server-side apply. Raises Clash where another manager owns a field, unless forced."""
        at = item["metadata"]
        query = {
            "fieldManager": manager,
            "force": str(force).lower(),
            "dryRun": "All" if dry_run else "",
            "fieldValidation": "Strict",
        }
        return self.ask("PATCH", self._kind_of(item).path(at.get("namespace", ""), at["name"]), query, item, APPLY)

    def patch(
        self,
        kind: Kind,
        name: str,
        namespace: str,
        change: Mapping[str, Any],
        *,
        manager: str,
        dry_run: bool = False,
        part: str = "",
    ) -> Json:
        """Merge patch (of a part: "scale", "status"); a `metadata.resourceVersion` in it makes the write conditional."""
        query = {"fieldManager": manager, "dryRun": "All" if dry_run else ""}
        path = kind.path(namespace, name) + (f"/{part}" if part else "")
        return self.ask("PATCH", path, query, change, MERGE)

    def create(self, item: Json, *, dry_run: bool = False) -> Json:
        """Make it; raises Clash where it is there already."""
        path = self._kind_of(item).path(item["metadata"].get("namespace", ""))
        return self.ask("POST", path, {"dryRun": "All" if dry_run else ""}, item)

    def delete(
        self, kind: Kind, name: str, namespace: str = "", *, uid: str = "", dry_run: bool = False, propagation: str = "Background"
    ) -> bool:
        """Remove it (only the one with this uid, where given); whether it was there."""
        body: Json = {"propagationPolicy": propagation, **({"preconditions": {"uid": uid}} if uid else {})}
        if dry_run:
            body["dryRun"] = ["All"]  # where there is a body the server reads no options from the address
        try:
            self.ask("DELETE", kind.path(namespace, name), {}, body)
        except Absent:
            return False
        return True

    def allowed(self, verb: str, group: str, resource: str, namespace: str = "", *, part: str = "") -> bool:
        """Whether this identity may, by the cluster's own word (SelfSubjectAccessReview); empty namespace: in all of them."""
        wanted = {"verb": verb, "group": group, "resource": resource, "subresource": part, "namespace": namespace}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {name: value for name, value in wanted.items() if value}},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        return bool(self.ask("POST", path, None, review, repeatable=True).get("status", {}).get("allowed"))

    def log(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool = False,
        lines: int = 1_000,
        most: int = 1_000_000,
        since: str = "",
        seconds: float | None = None,
    ) -> str:
        """The last lines of a container's log, at most so many bytes.

        `since` (RFC 3339, whole seconds): only what came then and later, each line with its time before it; "0": all, with times.
        """
        query = {"container": container, "previous": str(previous).lower(), "tailLines": str(lines), "limitBytes": str(most)}
        if since:
            query |= {"timestamps": "true", "sinceTime": "" if since == "0" else since}
        question = Question("GET", _log_path(namespace, pod), query, repeatable=True)
        return asking.as_bytes(self._line, question, seconds=seconds or self._deadline).decode("utf-8", "replace")

    def stream(self) -> Transport:
        """The connection itself, for adapters beside this one."""
        return self._line

    def ask(
        self,
        method: Method,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        *,
        repeatable: bool = False,
    ) -> Json:
        """One question, answered with JSON."""
        query = query or {}
        again = repeatable or method == "GET" or bool(query.get("dryRun"))
        question = Question(method, path, query, body, content_type, repeatable=again)
        return asking.as_object(self._line, question, seconds=self._deadline)

    def _kind_of(self, item: Mapping[str, Any]) -> Kind:
        return self.kind(str(item.get("apiVersion", "")), str(item.get("kind", "")))


def _log_path(namespace: str, pod: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
