"""A Service asked from outside, through the API server's proxy: what its users get, as far as the cluster can tell."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from workloads.adapters.kubernetes import transport
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import Forbidden, Unauthorized, Unreachable, failure

MOST = 262_144  # bytes of a body that are kept


@dataclass(frozen=True, slots=True)
class Proxied:
    """What came back. `status` 0: nothing of the Service answered, and `error` says why, in the cluster's words."""

    status: int
    body: str
    milliseconds: float
    error: str = ""
    content_type: str = ""
    location: str = ""


def prefix(namespace: str, service: str, port: str | int) -> str:
    """Where the API server's proxy to a Service's port begins."""
    return f"/api/v1/namespaces/{namespace}/services/http:{service}:{port}/proxy"


def ask(
    client: Client,
    namespace: str,
    service: str,
    port: str | int,
    path: str = "/",
    *,
    headers: Mapping[str, str] | None = None,
    seconds: float = 10.0,
    most: int = MOST,
) -> Proxied:
    """GET the path of a Service. Whatever the application answers is an answer; at most so many bytes of it are kept.

    Raises Forbidden or Unauthorized where we may not ask; a Service without ready pods is told in `error`. Follows no redirects.
    """
    where = f"{prefix(namespace, service, port)}/{path.lstrip('/')}"
    began = time.monotonic()
    try:
        answer = client.stream().send("GET", where, headers={"Accept": "*/*", **(headers or {})}, seconds=seconds, raw=True)
        body = transport.whole(answer, began + seconds, "GET", where)
    except Unreachable as error:
        return Proxied(0, "", _since(began), error.message)
    if said := _of_the_cluster(answer.status, body):
        refusal = failure(answer.status, said, answer.headers)
        if isinstance(refusal, Forbidden | Unauthorized):
            raise refusal
        return Proxied(0, "", _since(began), refusal.message)
    told = (answer.headers.get("Content-Type", ""), answer.headers.get("Location", ""))
    return Proxied(answer.status, body[:most].decode("utf-8", "replace"), _since(began), "", *told)


def _of_the_cluster(status: int, body: bytes) -> dict[str, object] | None:
    """The API server's own Status, where it speaks for itself and not for the Service."""
    if status < 400 or len(body) > 65_536:
        return None
    try:
        found = orjson.loads(body)
    except ValueError:
        return None
    ours = isinstance(found, dict) and found.get("kind") == "Status" and found.get("apiVersion") == "v1"
    return found if ours else None


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000
