"""A Service asked from outside, through the API server's proxy: what its users get, as far as the cluster can tell."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import quote

from workloads.adapters.kubernetes import transport
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import ApiFailure, Forbidden, Unauthorized

MOST = 262_144  # bytes of a body that are kept


@dataclass(frozen=True, slots=True)
class Proxied:
    """What came back. `status` 0: nothing of the Service answered, and `error` says why."""

    status: int
    body: str
    milliseconds: float
    error: str = ""


def ask(
    client: Client,
    namespace: str,
    service: str,
    port: str | int,
    path: str = "/",
    *,
    scheme: str = "http",
    host: str = "",
    seconds: float = 10.0,
) -> Proxied:
    """GET the path of a Service (`host`: the name its users ask for). Whatever the application answers is an answer.

    Raises Forbidden or Unauthorized where we may not ask; a Service without ready pods is told in `error`.
    """
    named = f"{scheme}:{service}:{port}" if scheme else f"{service}:{port}"
    where = f"/api/v1/namespaces/{namespace}/services/{quote(named)}/proxy/{path.lstrip('/')}"
    headers = {"Accept": "*/*", **({"Host": host} if host else {})}
    began = time.monotonic()
    try:
        answer = client.stream().send("GET", where, headers=headers, seconds=seconds)
        body = transport.whole(answer, began + seconds, "GET", where)
    except (Forbidden, Unauthorized) as failure:
        if failure.reason in {"Forbidden", "Unauthorized"}:
            raise
        return _answered(failure.http, failure.message, began)
    except ApiFailure as failure:
        by_cluster = not failure.http or bool(failure.reason)
        return _answered(0 if by_cluster else failure.http, failure.message, began, failed=by_cluster)
    return Proxied(answer.status, body[:MOST].decode("utf-8", "replace"), (time.monotonic() - began) * 1000)


def _answered(status: int, text: str, began: float, *, failed: bool = False) -> Proxied:
    return Proxied(status, "" if failed else text, (time.monotonic() - began) * 1000, text if failed else "")
