"""What the fake cluster says to a request that is no watch."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Any

from tests.fake_cluster.fields import Json
from tests.fake_cluster.routes import Route
from tests.fake_cluster.store import Refusal, selected
from workloads.adapters.kubernetes.kinds import KNOWN

if TYPE_CHECKING:
    from tests.fake_cluster.server import Asked, FakeCluster

FAULTS = {
    "conflict": (409, "Conflict", "Operation cannot be fulfilled: the object has been modified"),
    "gone": (410, "Expired", "The provided continue parameter is too old"),
    "busy": (429, "TooManyRequests", "Too many requests, please try again later."),
    "error_before": (500, "InternalError", "Internal error occurred: etcdserver: leader changed"),
    "expired": (401, "Unauthorized", "Unauthorized"),
}
REVIEWS = ("SelfSubjectAccessReview", "selfsubjectaccessreviews")


def kinds() -> list[Json]:
    """The kinds it knows; a test adds its own."""
    known = [
        {"api": kind.api, "kind": kind.name, "plural": kind.plural, "namespaced": kind.namespaced}
        for kind in KNOWN.values()
        if not kind.group.endswith((".io", ".com", ".sh")) or kind.group.endswith(".k8s.io")
    ]
    review = {"api": "authorization.k8s.io/v1", "kind": REVIEWS[0], "plural": REVIEWS[1], "namespaced": False, "stored": False}
    return [*known, review]


def answer(cluster: FakeCluster, asked: Asked, route: Route) -> Json | bytes:
    """The object, list or text."""
    if asked.path in {"/readyz", "/livez"}:
        return b"[+]etcd ok\nreadyz check passed\n"
    if not route.plural:
        return _about(cluster, asked.path)
    if route.plural == REVIEWS[1]:
        return _review(cluster, asked.body or {})
    if route.sub == "log":
        return _log(cluster, asked, route)
    if route.sub == "proxy":
        http, text = cluster.proxied.get(route.rest, (404, b"nothing there"))
        if http >= 400:
            raise Refusal(http, "Proxied", text.decode())
        return text
    if asked.method == "GET":
        return cluster.store.found(route.key) if route.name else _list(cluster, asked, route)
    return _write(cluster, asked, route)


def verb(method: str, watches: bool, *, named: bool) -> str:
    """The API's word for what is asked."""
    if method == "GET":
        return "watch" if watches else "get" if named else "list"
    return {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[method]


def status(http: int, reason: str, message: str) -> Json:
    """A Status object."""
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": http}


def watched(type_: str, item: Json) -> bytes:
    """A line of a watch."""
    return json.dumps({"type": type_, "object": item}).encode() + b"\n"


def kubeconfig(url: str, token: str) -> str:
    """A kubeconfig with one context."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "fake", "cluster": {"server": url}}],
            "users": [{"name": "somebody", "user": {"token": token}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "somebody"}}],
            "current-context": "fake",
        }
    )


def _write(cluster: FakeCluster, asked: Asked, route: Route) -> Json:
    body, store, dry = asked.body or {}, cluster.store, bool(asked.query.get("dryRun"))
    manager = asked.query.get("fieldManager", "somebody")
    home = ("v1", "namespaces", "", route.namespace)
    if route.namespace and home not in store.objects and asked.method in {"POST", "PATCH"}:
        raise Refusal(404, "NotFound", f'namespaces "{route.namespace}" not found')
    if asked.method == "POST":
        at = body.get("metadata", {})
        name = at.get("name") or at.get("generateName", "") + secrets.token_hex(3)
        return store.create((route.api, route.plural, route.namespace, name), body, manager, dry=dry)
    if asked.method == "DELETE":
        uid = body.get("preconditions", {}).get("uid", "")
        dry = bool(body.get("dryRun")) if body else dry  # where there is a body the address is not looked at
        return store.remove(route.key, uid=uid, dry=dry, orphan=body.get("propagationPolicy") == "Orphan")
    if asked.method == "PATCH" and asked.query.get("force") is not None and not route.sub:
        return store.apply(route.key, body, manager, force=asked.query["force"] == "true", dry=dry)
    if route.sub == "scale":
        body = {"spec": {"replicas": body["spec"]["replicas"]}}
    return (store.replace if asked.method == "PUT" else store.patch)(route.key, body, manager, dry=dry)


def _list(cluster: FakeCluster, asked: Asked, route: Route) -> Json:
    store, version, begin = cluster.store, cluster.store.version, 0
    if token := asked.query.get("continue"):
        version, begin = json.loads(base64.urlsafe_b64decode(token))
        if version < store.compacted:
            raise Refusal(410, "Expired", "The provided continue parameter is too old to display a consistent list result.")
    wanted = selected(asked.query.get("labelSelector", ""), asked.query.get("fieldSelector", ""))
    found = store.listed(route.api, route.plural, route.namespace, wanted)
    end = begin + int(asked.query.get("limit") or len(found) + 1)
    metadata: Json = {"resourceVersion": str(version)}
    if end < len(found):
        metadata["continue"] = base64.urlsafe_b64encode(json.dumps([version, end]).encode()).decode()
        metadata["remainingItemCount"] = len(found) - end
    items = [{name: value for name, value in item.items() if name not in {"apiVersion", "kind"}} for item in found[begin:end]]
    return {"kind": f"{route.kind}List", "apiVersion": route.api, "metadata": metadata, "items": items}


def _log(cluster: FakeCluster, asked: Asked, route: Route) -> bytes:
    cluster.store.found((route.api, route.plural, route.namespace, route.name))
    previous = asked.query.get("previous") == "true"
    lines = cluster.logs.get((route.namespace, route.name, asked.query.get("container", ""), previous))
    if lines is None and previous:
        raise Refusal(400, "BadRequest", f'previous terminated container in pod "{route.name}" not found')
    last = (lines or [])[-int(asked.query.get("tailLines") or 1_000_000) :]
    return "".join(f"{line}\n" for line in last).encode()


def _review(cluster: FakeCluster, body: Json) -> Json:
    wanted = body["spec"]["resourceAttributes"]
    resource = wanted["resource"] + (f"/{wanted['subresource']}" if wanted.get("subresource") else "")
    return {**body, "status": {"allowed": not cluster.forbids(wanted["verb"], resource)}}


def _about(cluster: FakeCluster, path: str) -> Json:
    if path == "/version":
        return {"major": "1", "minor": "35", "gitVersion": "v1.35.0", "platform": "linux/amd64"}
    groups: dict[str, set[str]] = {}
    for kind in cluster.kinds:
        group, _, version = str(kind["api"]).rpartition("/")
        groups.setdefault(group, set()).add(version)
    if path == "/apis":
        named = [
            {"name": group, "versions": [{"groupVersion": f"{group}/{one}", "version": one} for one in sorted(versions)]}
            for group, versions in sorted(groups.items())
            if group
        ]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": named}
    api = path.removeprefix("/apis/").removeprefix("/api/")
    held = [kind for kind in cluster.kinds if kind["api"] == api]
    if not held:
        raise Refusal(404, "NotFound", "the server could not find the requested resource")
    resources: list[Any] = [
        {"name": kind["plural"], "kind": kind["kind"], "namespaced": kind["namespaced"], "verbs": ["get", "list", "watch"]}
        for kind in held
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api, "resources": resources}
