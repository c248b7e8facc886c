"""Clusters: connect one, look at what its identities may, change or remove it; and the clients to ask it with."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from controlplane.core import audit, outward, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, NotFound, TimonelError
from controlplane.core.permissions import EVERYWHERE, Verb
from controlplane.core.redaction import redact
from workloads import cluster_rights
from workloads.adapters.kubernetes import kubeconfigs
from workloads.adapters.kubernetes.access import Access, Reach
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.eks import Eks
from workloads.adapters.kubernetes.inside import InCluster
from workloads.cluster_rights import Identity, Need, Right
from workloads.models import Cluster, Target

AT_ONCE = 8  # questions to a cluster
MOST_CLIENTS = 64  # kept connections of this process
SETTINGS = ("aws_region", "aws_cluster", "aws_role", "prometheus_url", "alertmanager_url")
_clients: dict[tuple[int, str, str], Client] = {}
_lock = threading.Lock()


def visible(actor: Actor) -> models.QuerySet[Cluster]:
    """Every cluster, for who administers everything. Raises Refused for others."""
    _demand(actor)
    return Cluster.objects.all()


def named(actor: Actor, name: str) -> Cluster:
    """The cluster of this name. Raises Refused or NotFound."""
    found = visible(actor).filter(name=name).first()
    if found is None:
        raise NotFound(f"There is no cluster {name}.")
    return found


def connect(actor: Actor, name: str, kind: str, *, read: str = "", write: str = "", **settings: str) -> Cluster:
    """Keep how a cluster is reached; nothing is asked of it yet. `read` and `write` are kubeconfigs as text.

    Raises Conflict where the name is taken, Invalid for credentials that cannot be used.
    """
    _demand(actor)
    made = Cluster(name=name, kind=kind, read_credentials=read or None, write_credentials=write or None, **_known(settings))
    _judge(made)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            audit.record(actor, "cluster.connect", made, after=_told(made))
    except IntegrityError as error:
        raise Conflict(
            f"There is a cluster {name} already.", cure="Choose another name, or change the one that is there."
        ) from error
    return made


def change(actor: Actor, cluster: Cluster, *, read: str = "", write: str = "", **settings: str) -> Cluster:
    """Other credentials (empty: as they are) or settings. What was found out about the former ones is forgotten."""
    _demand(actor)
    with transaction.atomic():
        held = Cluster.objects.select_for_update().get(pk=cluster.pk)
        before = _told(held)
        held.read_credentials = read or held.read_credentials
        held.write_credentials = write or held.write_credentials
        for name, value in _known(settings).items():
            setattr(held, name, value)
        _judge(held)
        held.version, held.rights, held.trouble, held.checked_at = "", [], "", None
        held.save()
        renewed = {"read": bool(read), "write": bool(write)}
        audit.record(actor, "cluster.change", held, before=before, after=_told(held) | {"renewed": renewed})
    return held


def remove(actor: Actor, cluster: Cluster) -> None:
    """Forget it and its credentials; nothing in the cluster changes. Raises Conflict while environments run there."""
    _demand(actor)
    with transaction.atomic():
        here = [
            str(target.environment) for target in Target.objects.filter(cluster=cluster).select_related("environment__application")
        ]
        if here:
            raise Conflict(f"{', '.join(here[:5])} runs on {cluster}.", cure="Move or remove these environments' targets first.")
        audit.record(actor, "cluster.remove", cluster, before=_told(cluster))
        cluster.delete()


def check(actor: Actor, cluster: Cluster) -> Cluster:
    """Ask the cluster for its version and for each right, and keep the answers. Raises (and keeps) why it cannot be asked."""
    _demand(actor)
    try:
        client = reader(cluster)
        cluster.version, cluster.server = redact(client.version())[:32], client.server[:500]
        cluster.rights = [cluster_rights.as_row(right) for right in look(cluster)]
        cluster.trouble = ""
    except TimonelError as error:
        cluster.trouble = str(error)[:500]
        raise
    finally:
        _keep(actor, cluster)
    return cluster


def look(cluster: Cluster) -> list[Right]:
    """Each right Timonel needs there, asked side by side: cluster-wide first, then in each environment's namespace."""
    namespaces = sorted(cluster.targets.values_list("namespace", flat=True))
    clients: dict[str, Client] = {"read": reader(cluster), "write": writer(cluster)}
    groups = _groups(clients["read"])
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="rights") as pool:
        asked = [pool.submit(_rights_of, clients[need.identity], need, namespaces, groups) for need in cluster_rights.needs()]
        return [right for one in asked for right in one.result()]


def reader(cluster: Cluster) -> Client:
    """The client with the identity that reads."""
    return _client(cluster, "read")


def writer(cluster: Cluster) -> Client:
    """The client with the identity that writes: its own, or the one that reads where there is no other."""
    return _client(cluster, "write")


def reach(cluster: Cluster, identity: Identity) -> Reach:
    """How this identity reaches the cluster."""
    if cluster.kind == Cluster.Kind.IN_CLUSTER:
        return InCluster()
    if cluster.kind == Cluster.Kind.EKS:
        return Eks(cluster.aws_region, cluster.aws_cluster, cluster.aws_role)
    return Access(_credentials(cluster, identity))


def _keep(actor: Actor, cluster: Cluster) -> None:
    """What was found out, and when."""
    cluster.checked_at = timezone.now()
    lacking = [row for row in cluster.rights if row["state"] == "missing"]
    missing = [f"{row['identity']}: {row['named']} {' '.join(row['missing'])}" for row in lacking]
    with transaction.atomic():
        cluster.save(update_fields=["version", "server", "checked_at", "rights", "trouble"])
        after = {"version": cluster.version, "trouble": cluster.trouble, "missing": missing}
        audit.record(actor, "cluster.check", cluster, after=after)


def _client(cluster: Cluster, identity: Identity) -> Client:
    """One client for each set of credentials in this process, so that connections are kept."""
    told = "\0".join([cluster.kind, cluster.aws_region, cluster.aws_cluster, cluster.aws_role, _credentials(cluster, identity)])
    key = (cluster.pk or 0, identity, hashlib.sha256(told.encode()).hexdigest())
    with _lock:
        if found := _clients.get(key):
            return found
    made = Client(reach(cluster, identity))
    with _lock:
        for old in [old for old in _clients if old[:2] == key[:2]] + list(_clients)[: max(0, len(_clients) - MOST_CLIENTS)]:
            _clients.pop(old, None)
        return _clients.setdefault(key, made)


def _credentials(cluster: Cluster, identity: Identity) -> str:
    own = cluster.write_credentials if identity == "write" else None
    return own or cluster.read_credentials or ""


def _rights_of(client: Client, need: Need, namespaces: list[str], groups: set[str]) -> list[Right]:
    if need.group and need.group not in groups:
        return [Right(need, "", (), installed=False)]
    everywhere = Right(need, "", _granted(client, need, ""))
    if need.everywhere or not everywhere.missing or not namespaces:
        return [everywhere]
    return [Right(need, namespace, _granted(client, need, namespace)) for namespace in namespaces]


def _granted(client: Client, need: Need, namespace: str) -> tuple[str, ...]:
    return tuple(verb for verb in need.verbs if client.allowed(verb, need.group, need.plural, namespace, part=need.part))


def _groups(client: Client) -> set[str]:
    return {str(group.get("name", "")) for group in client.ask("GET", "/apis").get("groups") or []}


def _judge(cluster: Cluster) -> None:
    """Raise Invalid for what can never be connected to."""
    try:
        cluster.full_clean(validate_unique=False)
    except ValidationError as error:
        raise Invalid(" ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())) from error
    for address in (cluster.prometheus_url, cluster.alertmanager_url):
        if address:
            outward.check(address, private=True)
    if cluster.kind == Cluster.Kind.EKS and not (cluster.aws_region and cluster.aws_cluster):
        raise Invalid("A cluster of EKS needs its region and its name there.")
    if cluster.kind != Cluster.Kind.KUBECONFIG:
        return
    if not cluster.read_credentials:
        raise Invalid("A kubeconfig is missing.", cure=kubeconfigs.FLATTEN)
    cluster.server = kubeconfigs.read(cluster.read_credentials).server[:500]
    outward.check(cluster.server, private=True)
    if cluster.write_credentials and kubeconfigs.read(cluster.write_credentials).server.rstrip("/") != cluster.server.rstrip("/"):
        raise Invalid(
            "The two kubeconfigs name different servers.",
            cure="Give credentials of one cluster, to read and to write, by one address.",
        )


def _told(cluster: Cluster) -> dict[str, Any]:
    """For the audit: everything but the credentials."""
    facts = {name: getattr(cluster, name) for name in SETTINGS if getattr(cluster, name)}
    return {"kind": cluster.kind, "server": cluster.server, "own_writer": bool(cluster.write_credentials), **facts}


def _known(settings: dict[str, str]) -> dict[str, str]:
    unknown: Iterable[str] = set(settings) - set(SETTINGS)
    if unknown:
        raise TypeError(f"a cluster has no {', '.join(unknown)}")
    return settings


def _demand(actor: Actor) -> None:
    if not actor.at_the_terminal:
        rights.demand(actor, Verb.ADMINISTER, [EVERYWHERE], "clusters")
