"""What the Snapshot does not hold, read now through the identity that reads: the environment's namespace and nothing beside it."""

from __future__ import annotations

from agents.investigating.sight import Sight
from controlplane.core.errors import NotFound
from controlplane.core.redaction import redact
from workloads import clusters
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import BY_NAME
from workloads.snapshots.limits import CLUSTER_WIDE, NEVER
from workloads.snapshots.veil import Json, veiled

SECONDS = 10.0
MOST_OBJECTS = 500
LOG_LINES, LOG_BYTES = 300, 65_536
SECRET = "Secret"


def objects(sight: Sight, kind: str, name: str = "") -> list[Json]:
    """Objects of a kind in the environment's namespace, or of the few kinds that are the whole cluster's, without secrets."""
    found = BY_NAME.get(kind)
    if found is None or kind in NEVER or not (found.namespaced or kind in CLUSTER_WIDE):
        raise NotFound(f"Objects of kind {kind[:60]} are not read.", cure="Name a kind such as Pod, Deployment, Service or Node.")
    namespace = sight.namespace if found.namespaced else ""
    head = {"apiVersion": found.api, "kind": found.name}
    fields = f"metadata.name={name}" if name else ""
    listed = _client(sight).pages(found, namespace, fields=fields, chunk=MOST_OBJECTS, metadata_only=kind == SECRET)
    return [veiled({**item, **head}) for item in next(iter(listed))["items"]]


def log(sight: Sight, pod: str, container: str, *, previous: bool) -> str:
    """The end of a container's log."""
    client = _client(sight)
    found = client.log(sight.namespace, pod, container, previous=previous, lines=LOG_LINES, most=LOG_BYTES, seconds=SECONDS)
    return redact(found, sight.known)


def _client(sight: Sight) -> Client:
    if sight.target is None:
        raise NotFound("This environment runs on no cluster.")
    return clusters.reader(sight.target.cluster)
