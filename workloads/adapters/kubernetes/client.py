"""Asking one cluster with one identity."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import urllib3

from controlplane.core.errors import DeadlineExceeded
from workloads.adapters.kubernetes.access import Access, connect
from workloads.adapters.kubernetes.failures import ApiFailure, Busy, Clash, Forbidden, Gone, Unreachable
from workloads.adapters.kubernetes.kinds import Json, Kind, kind_of

CHUNK = 500  # objects a list answer (kubectl's own)
DEADLINE = 30.0  # seconds for an answer
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
FAILURES: dict[int, type[ApiFailure]] = {403: Forbidden, 409: Clash, 410: Gone, 429: Busy, 503: Busy}


@dataclass(frozen=True, slots=True)
class Listing:
    """Objects as they were at one resource version."""

    items: list[Json]
    version: str


@dataclass(frozen=True, slots=True)
class Event:
    """One change that a watch told: ADDED, MODIFIED, DELETED or BOOKMARK."""

    type: str
    item: Json


class Client:
    """One identity at one cluster. Every question has a deadline, in seconds; failures are ApiFailure or DeadlineExceeded."""

    def __init__(self, access: Access, *, deadline: float = DEADLINE) -> None:
        self._api = connect(access)
        self._deadline = deadline

    def get(self, kind: Kind, name: str, namespace: str = "") -> Json | None:
        """The object, or None where there is none."""
        try:
            return self.ask("GET", kind.path(namespace, name))
        except ApiFailure as failure:
            if failure.http == 404:
                return None
            raise

    def pages(self, kind: Kind, namespace: str = "", *, labels: str = "", fields: str = "", chunk: int = CHUNK) -> Iterator[Json]:
        """The list, answer by answer as the API gives it, at most `chunk` objects each."""
        query = {"limit": str(chunk), "labelSelector": labels, "fieldSelector": fields}
        while True:
            page = self.ask("GET", kind.path(namespace), query)
            yield page
            query["continue"] = page["metadata"].get("continue", "")
            if not query["continue"]:
                return

    def listing(self, kind: Kind, namespace: str = "", *, labels: str = "", fields: str = "") -> Listing:
        """Every object, with `apiVersion` and `kind` (list answers leave them out)."""
        items: list[Json] = []
        version = ""
        for page in self.pages(kind, namespace, labels=labels, fields=fields):
            items += [{"apiVersion": kind.api, "kind": kind.name, **item} for item in page["items"]]
            version = page["metadata"]["resourceVersion"]
        return Listing(items, version)

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
        answer = self._send("GET", kind.path(namespace), query, None, "", stream=True, seconds=seconds + 5)
        for line in _lines(answer):
            told = json.loads(line)
            if told["type"] == "ERROR":
                raise _failure(told["object"].get("code", 0), told["object"], {})
            yield Event(told["type"], told["object"])

    def apply(self, item: Json, *, manager: str, dry_run: bool = False, force: bool = False) -> Json:
        """Server-side apply. Raises Clash where another manager owns a field, unless forced."""
        kind, at = kind_of(item), item["metadata"]
        query = {
            "fieldManager": manager,
            "force": str(force).lower(),
            "dryRun": "All" if dry_run else "",
            "fieldValidation": "Strict",
        }
        return self.ask("PATCH", kind.path(at.get("namespace", ""), at["name"]), query, item, APPLY)

    def patch(
        self, kind: Kind, name: str, namespace: str, change: Mapping[str, Any], *, manager: str, dry_run: bool = False
    ) -> Json:
        """Merge patch; a `metadata.resourceVersion` in it makes the write conditional."""
        query = {"fieldManager": manager, "dryRun": "All" if dry_run else ""}
        return self.ask("PATCH", kind.path(namespace, name), query, change, MERGE)

    def create(self, item: Json, *, dry_run: bool = False) -> Json:
        """Make it; raises Clash where it is there already."""
        return self.ask(
            "POST", kind_of(item).path(item["metadata"].get("namespace", "")), {"dryRun": "All" if dry_run else ""}, item
        )

    def delete(
        self, kind: Kind, name: str, namespace: str = "", *, uid: str = "", dry_run: bool = False, propagation: str = "Background"
    ) -> bool:
        """Remove it (only the one with this uid, where given); whether it was there."""
        body: Json = {"propagationPolicy": propagation, **({"preconditions": {"uid": uid}} if uid else {})}
        try:
            self.ask("DELETE", kind.path(namespace, name), {"dryRun": "All" if dry_run else ""}, body)
        except ApiFailure as failure:
            if failure.http == 404:
                return False
            raise
        return True

    def log(
        self, namespace: str, pod: str, container: str, *, previous: bool = False, lines: int = 1_000, most: int = 1_000_000
    ) -> str:
        """The last lines of a container's log, at most so many bytes."""
        query = {"container": container, "previous": str(previous).lower(), "tailLines": str(lines), "limitBytes": str(most)}
        answer = self._send("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log", query, None, "")
        return bytes(answer.data).decode("utf-8", "replace")

    def ask(
        self,
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> Json:
        """One question, answered with JSON."""
        answer = self._send(method, path, query or {}, body, content_type)
        try:
            found: Json = json.loads(answer.data)
        except ValueError as error:
            raise Unreachable(f"{method} {path} was answered with something that is not JSON.") from error
        return found

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None,
        content_type: str,
        *,
        stream: bool = False,
        seconds: float | None = None,
    ) -> urllib3.BaseHTTPResponse:
        settings, seconds = self._api.configuration, seconds or self._deadline
        headers = {"Accept": "application/json", "User-Agent": "timonel"}
        self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, None)
        if body is not None:
            headers["Content-Type"] = content_type
        told = urlencode({name: value for name, value in query.items() if value})
        address = f"{settings.host}{path}" + (f"?{told}" if told else "")
        try:
            answer = self._api.rest_client.pool_manager.request(
                method,
                address,
                body=json.dumps(body) if body is not None else None,
                headers=headers,
                timeout=urllib3.Timeout(connect=min(10.0, seconds), read=seconds),
                preload_content=not stream,
                retries=False,
            )
        except urllib3.exceptions.TimeoutError as error:
            raise DeadlineExceeded(f"The cluster did not answer {method} {path} within {seconds:.0f} s.") from error
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"The cluster cannot be reached for {method} {path}: {error}.") from error
        if answer.status >= 400:
            raise _failure(answer.status, _status(answer), answer.headers)
        return answer


def _lines(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Whole lines of a streamed answer; a connection that is cut ends them."""
    rest = b""
    try:
        for piece in answer.stream(65_536):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
    except urllib3.exceptions.HTTPError:
        return
    finally:
        answer.close()


def _status(answer: urllib3.BaseHTTPResponse) -> Json:
    try:
        found = json.loads(answer.data)
    except ValueError:
        found = {"message": bytes(answer.data[:200]).decode("utf-8", "replace")}
    return found if isinstance(found, dict) else {}


def _failure(http: int, status: Mapping[str, Any], headers: Mapping[str, str]) -> ApiFailure:
    """The error that the API's Status object is."""
    after = headers.get("Retry-After", "")
    message = str(status.get("message") or f"HTTP {http}")
    return FAILURES.get(http, ApiFailure)(
        message, http=http, reason=str(status.get("reason", "")), retry_after=float(after) if after.isdigit() else None
    )
