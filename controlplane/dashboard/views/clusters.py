"""Clusters: what each is, what we may there, what runs on it; for who administers everything."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import yaml
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound, TimonelError
from controlplane.dashboard import door
from controlplane.dashboard.paging import page_of, text
from workloads import cluster_rights, clusters
from workloads.models import Cluster, Target

ORDER = {"missing": 0, "reduced": 1, "granted": 2, "not_installed": 3}
IDENTITIES = ("read", "write")


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every cluster, newest first."""
    page = page_of(request, clusters.visible(actor).prefetch_related("targets"))
    rows = [(cluster, _standing(cluster), len(cluster.targets.all())) for cluster in page.rows]
    return render(request, "clusters/list.html", {"page": page, "rows": rows})


def show(request: HttpRequest, actor: Actor, cluster: str) -> HttpResponse:
    """One cluster: its version, the table of rights, the manifests that grant them, the environments on it."""
    found = clusters.named(actor, cluster)
    targets = Target.objects.filter(cluster=found).select_related("environment__application").order_by("namespace")
    context: dict[str, Any] = {"cluster": found, "standing": _standing(found), "targets": targets}
    context["tables"] = [(identity, _rows(found, identity)) for identity in IDENTITIES]
    context["own_writer"] = bool(found.write_credentials)
    return render(request, "clusters/page.html", context)


def check(request: HttpRequest, actor: Actor, cluster: str) -> HttpResponse:
    """Ask it now; why it does not answer stands on its page."""
    found = clusters.named(actor, cluster)
    with suppress(TimonelError):
        clusters.check(actor, found)
    return door.go(request, reverse("cluster", args=[found.name]))


def manifests(request: HttpRequest, actor: Actor, cluster: str, identity: str) -> HttpResponse:
    """What grants an identity its rights, as a file: in the namespaces of its environments, or everywhere."""
    found = clusters.named(actor, cluster)
    if identity not in IDENTITIES:
        raise NotFound(_("There is an identity to read and one to write, no other."))
    namespaces = [] if text(request, "where") == "everywhere" else sorted(found.targets.values_list("namespace", flat=True))
    also = [text(request, "also")] if text(request, "also") in cluster_rights.SETS else []
    made = cluster_rights.manifests("write" if identity == "write" else "read", namespaces, also=also)
    answer = HttpResponse(yaml.safe_dump_all(made, sort_keys=False), content_type="application/yaml")
    answer["Content-Disposition"] = f'attachment; filename="timonel-{found.name}-{identity}.yaml"'
    return answer


def _standing(cluster: Cluster) -> str:
    """In one word: never asked, not answering, lacking rights, or connected."""
    if cluster.trouble:
        return "unreachable"
    if cluster.checked_at is None:
        return "never_asked"
    return "lacking" if any(row["state"] == "missing" for row in cluster.rights) else "connected"


def _rows(cluster: Cluster, identity: str) -> list[dict[str, Any]]:
    """What is missing first."""
    held = [row for row in cluster.rights if row["identity"] == identity]
    return sorted(held, key=lambda row: (ORDER[row["state"]], row["named"], row["namespace"]))
