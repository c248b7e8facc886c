"""The fake cluster's HTTP: addresses, lists in chunks, watches, rights, and what goes wrong on command."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from bisect import bisect_right
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.fake_cluster import answers
from tests.fake_cluster.controllers import Controllers
from tests.fake_cluster.faults import Fault, Faults
from tests.fake_cluster.fields import Json
from tests.fake_cluster.routes import Route, routed
from tests.fake_cluster.store import Refusal, Store, Told, selected

WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    body: Json | None
    done: bool = False  # a write that was carried out, no dry run

    @property
    def watches(self) -> bool:
        return self.query.get("watch") in {"1", "true"}


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets: the second would wait 40 ms for the first one to be heard
    cluster: FakeCluster

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _answer(self) -> None:
        parts, length = urlsplit(self.path), int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), json.loads(raw) if raw else None)
        self.cluster.requests.append(asked)
        try:
            if self._broken_before(asked):
                return
            if self.cluster.tokens and self.headers.get("Authorization", "") not in {f"Bearer {t}" for t in self.cluster.tokens}:
                raise Refusal(401, "Unauthorized", "Unauthorized")
            route = routed(asked.path, self.cluster.kinds)
            self.cluster.permit(asked, route)
            if asked.watches and route.collection:
                self._watch(asked, route)
            elif route.sub == "log" and asked.query.get("follow") == "true":
                self._log(asked, route)
            else:
                self._once(asked, route)
        except Refusal as refusal:
            self._json(refusal.http, answers.status(refusal.http, refusal.reason, refusal.message))
        except (BrokenPipeError, ConnectionError):
            self.close_connection = True

    def _broken_before(self, asked: Asked) -> bool:
        """Faults that strike before anything was done; whether the request is finished with."""
        fault = self._due(asked, "conflict", "gone", "busy", "error_before", "expired", "refused")
        if fault is None:
            return False
        if fault.kind == "refused":
            self._reset()
            self.cluster.away(fault.seconds)
        else:
            http, reason, message = answers.FAULTS[fault.kind]
            headers = {"Retry-After": f"{max(1, round(fault.seconds))}"} if fault.kind == "busy" else {}
            self._json(http, answers.status(http, reason, message), headers)
        return True

    def _once(self, asked: Asked, route: Route) -> None:
        timeout = self._due(asked, "timeout")
        found = self.cluster.answer(asked, route, selected)
        if timeout:
            time.sleep(timeout.seconds)
            self._reset()
            return
        fault = self._due(asked, "error_after", "cut_list", "half")
        if fault and fault.kind == "error_after":
            self._json(500, answers.status(500, "InternalError", "etcdserver: request timed out"))
            return
        text = found if isinstance(found, bytes) else json.dumps(found).encode()
        if fault and fault.kind == "half":
            text = text[: len(text) // 2]
        headers = {"Content-Type": "text/plain"} if isinstance(found, bytes) else {}
        self._bytes(201 if asked.method == "POST" else 200, text, headers, cut=bool(fault and fault.kind == "cut_list"))

    def _watch(self, asked: Asked, route: Route) -> None:
        cluster = self.cluster
        since = int(asked.query.get("resourceVersion") or cluster.store.version)
        end = time.monotonic() + float(asked.query.get("timeoutSeconds") or 30)
        wanted = selected(asked.query.get("labelSelector", ""), asked.query.get("fieldSelector", ""))
        if since < cluster.store.compacted:
            raise Refusal(410, "Expired", f"too old resource version: {since} ({cluster.store.version})")
        self._begin()
        while time.monotonic() < end and not cluster.stopping:
            if since < cluster.store.compacted:
                self._chunk(answers.watched("ERROR", answers.status(410, "Expired", f"too old resource version: {since}")))
                break
            news, since = cluster.since(since, route, end)
            for told in news:
                if wanted(told.item) and self._event(asked, answers.watched(told.type, told.item)):
                    return
            if not news and asked.query.get("allowWatchBookmarks") and cluster.bookmarks:
                mark = {"kind": route.kind, "apiVersion": route.api, "metadata": {"resourceVersion": str(since)}}
                self._chunk(answers.watched("BOOKMARK", mark))
        self._chunk(b"")

    def _log(self, asked: Asked, route: Route) -> None:
        """A log that is followed: what is there, then what comes, until the pod has ended."""
        key = (route.namespace, route.name, asked.query.get("container", ""), False)
        self.cluster.store.found((route.api, route.plural, route.namespace, route.name))
        lines = self.cluster.logs.setdefault(key, [])
        tail, since, told = asked.query.get("tailLines"), asked.query.get("sinceTime", ""), 0
        told = max(0, len(lines) - int(tail)) if tail else 0
        self._begin("text/plain")
        while not self.cluster.stopping:
            for number in range(told, len(lines)):
                at = f"2026-01-01T00:00:{number // 100:02}.{number % 100:02}Z"
                if at[:19] >= since[:19] and self._event(asked, f"{at} {lines[number]}\n".encode()):
                    return
                told = number + 1
            pod = self.cluster.store.objects.get((route.api, route.plural, route.namespace, route.name))
            if pod is None or pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}:
                break
            time.sleep(0.02)
        self._chunk(b"")

    def _begin(self, content_type: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _event(self, asked: Asked, line: bytes) -> bool:
        """Send it; whether the watch was cut over it."""
        fault = self._due(asked, "slow_watch", "cut_watch")
        if fault and fault.kind == "slow_watch":
            time.sleep(fault.seconds)
        elif fault:
            self._chunk(line[: len(line) // 2])
            self._reset()
            return True
        self._chunk(line)
        return False

    def _due(self, asked: Asked, *kinds: str) -> Fault | None:
        return self.cluster.faults.take(asked.method, self.path, kinds)

    def _json(self, http: int, body: Json, headers: dict[str, str] | None = None) -> None:
        self._bytes(http, json.dumps(body).encode(), headers)

    def _bytes(self, http: int, text: bytes, headers: dict[str, str] | None = None, *, cut: bool = False) -> None:
        self.send_response(http)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text[: len(text) // 2] if cut else text)
        if cut:
            self.wfile.flush()
            self._reset()

    def _chunk(self, line: bytes) -> None:
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        self.wfile.flush()

    def _reset(self) -> None:
        """Hang up without a word."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A client that hung up is no news."""


@dataclass
class FakeCluster:
    """The server. `kubeconfig` is what to connect with; `requests` is all that arrived, `writes` what was carried out."""

    controllers: bool = False  # play the controllers of Deployments, Jobs and Services
    bookmarks: bool = True
    store: Store = field(default_factory=Store)
    faults: Faults = field(default_factory=Faults)
    requests: list[Asked] = field(default_factory=list)
    writes: list[Asked] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)  # empty: whoever comes
    denied: set[str] = field(default_factory=set)  # "patch deployments", "get pods/log", "list *"
    kinds: list[Json] = field(default_factory=answers.kinds)
    logs: dict[tuple[str, str, str, bool], list[str]] = field(default_factory=dict)  # namespace, pod, container, previous
    proxied: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # path after .../proxy
    stopping: bool = False
    port: int = 0
    _server: _Server | None = None

    def __enter__(self) -> Self:
        self._listen()
        self.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
        if self.controllers:
            Controllers(self.store, lambda: self.stopping).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopping = True
        self._close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def kubeconfig(self) -> str:
        """A kubeconfig for it, with the first of its tokens."""
        return answers.kubeconfig(self.url, next(iter(sorted(self.tokens)), "anything"))

    def fault(self, kind: str, **options: Any) -> Fault:
        """Let this go wrong."""
        self.faults.waiting.append(made := Fault(kind, **options))
        return made

    def put(self, item: Json) -> Json:
        """An object that is simply there, its status too."""
        kind = next(kind for kind in self.kinds if (kind["api"], kind["kind"]) == (item["apiVersion"], item["kind"]))
        at = item["metadata"]
        key = (kind["api"], kind["plural"], at.get("namespace", "default") if kind["namespaced"] else "", at["name"])
        with self.store.changed:
            if key in self.store.objects:
                return self.store.patch(key, item, "put")
            return self.store.create(key, item, "put")

    def forget(self) -> None:
        """Every version so far is too old from now on."""
        self.store.compact()

    def permit(self, asked: Asked, route: Route) -> None:
        """Refuse what `denied` names, in the API's words."""
        verb = answers.verb(asked.method, asked.watches, named=bool(route.name))
        if route.plural and self.forbids(verb, route.resource):
            group = route.api.rpartition("/")[0]
            where = f' in the namespace "{route.namespace}"' if route.namespace else " at the cluster scope"
            message = (
                f'{route.resource} is forbidden: User "somebody" cannot {verb} resource "{route.resource}" in API group "{group}"'
            )
            raise Refusal(403, "Forbidden", message + where)

    def forbids(self, verb: str, resource: str) -> bool:
        """Whether the identity lacks this right."""
        return bool({f"{verb} {resource}", f"* {resource}", f"{verb} *"} & self.denied)

    def since(self, version: int, route: Route, end: float) -> tuple[list[Told], int]:
        """What has happened of this kind after this version, and the version now; waits half a second for something."""
        store = self.store

        def news() -> list[Told]:
            return [told for told in _after(store.history, version) if told.key[:2] == (route.api, route.plural)]

        with store.changed:
            until = time.monotonic() + min(0.5, max(0.0, end - time.monotonic()))
            while not (found := news()) and not self.stopping and store.compacted <= version:
                if not store.changed.wait(max(0.0, until - time.monotonic())):
                    break
            return [told for told in found if route.namespace in {"", told.key[2]}], store.version

    def answer(self, asked: Asked, route: Route, chosen: Any) -> Json | bytes:
        """What a request comes to that is no watch."""
        with self.store.changed:
            found = answers.answer(self, asked, route)
        dry = asked.query.get("dryRun") or (asked.method == "DELETE" and (asked.body or {}).get("dryRun"))
        if asked.method in WRITES and route.stored and not dry:
            self.writes.append(Asked(asked.method, asked.path, asked.query, asked.body, done=True))
        return found

    def away(self, seconds: float) -> None:
        """Listen to nobody for a while."""
        self._close()
        threading.Timer(seconds, self._listen).start()

    def _listen(self) -> None:
        if self.stopping:
            return
        handler = type("Bound", (Handler,), {"cluster": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _close(self) -> None:
        server, self._server = self._server, None
        if server:
            server.socket.shutdown(socket.SHUT_RDWR)  # the kernel stops listening at once
            server.socket.close()
            threading.Thread(target=server.shutdown, daemon=True).start()


def _after(history: list[Told], version: int) -> list[Told]:
    return history[bisect_right(history, version, key=lambda told: told.version) :]
