"""The whole picture from what was read of a namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workloads.topology import events, makers, pods, routes, services, traffic
from workloads.topology.containers import Said, Used
from workloads.topology.picture import Picture, Pod, Route, Service, Workload
from workloads.topology.reading import Json, by_name, labels, named, owner
from workloads.unchecked import table, word

KINDS = (
    *("Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "Service", "EndpointSlice"),
    *("Ingress", "HTTPRoute", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Event"),
)
SERVICE_OF = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class World:
    """What was read: objects by kind; what containers use (None: the cluster does not tell); kinds that may not be read."""

    objects: Mapping[str, Sequence[Json]]
    used: Used | None = None
    unseen: tuple[str, ...] = ()

    def of(self, kind: str) -> Sequence[Json]:
        """The objects of a kind."""
        return self.objects.get(kind, ())


@dataclass(slots=True)
class _Owned:
    """The pods of each workload, and their labels by name."""

    pods: dict[str, Pod] = field(default_factory=dict)
    marks: dict[str, Json] = field(default_factory=dict)
    by_workload: dict[str, list[Pod]] = field(default_factory=dict)


def picture(world: World, said: Said = str) -> Picture:
    """Everything of one namespace. `said` takes out of a text from outside what may not be shown."""
    owned = _owned(world, said)
    workloads = _workloads(world, owned, said)
    found, raw = _services(world, workloads, owned), by_name(world.of("Service"))
    led = _routes(world, raw)
    return Picture(
        routes=led,
        services=found,
        workloads=workloads,
        loose=tuple(sorted(owned.by_workload.get("", ()), key=lambda pod: pod.name)),
        warnings=events.warnings(world.of("Event"), said),
        shares=traffic.shares(led, found, raw, owned.pods, owned.marks),
        measured=world.used is not None,
        unseen=world.unseen,
    )


def _owned(world: World, said: Said) -> _Owned:
    parents = {("ReplicaSet", named(item)): owner(item) for item in world.of("ReplicaSet")}
    found = _Owned()
    for item in world.of("Pod"):
        direct = owner(item)
        kind, name = parents.get(direct, direct)
        workload = f"{kind}/{name}" if kind in makers.KINDS else ""
        one = pods.pod(item, workload, direct[1], world.used or {}, said)
        found.pods[one.name], found.marks[one.name] = one, labels(item)
        found.by_workload.setdefault(workload, []).append(one)
    return found


def _workloads(world: World, owned: _Owned, said: Said) -> tuple[Workload, ...]:
    scalers, budgets = world.of("HorizontalPodAutoscaler"), world.of("PodDisruptionBudget")
    made = [
        makers.workload(kind, item, owned.by_workload.pop(f"{kind}/{named(item)}", ()), scalers, budgets, said)
        for kind in makers.KINDS
        for item in world.of(kind)
    ]
    for left in [title for title in owned.by_workload if title]:  # what made them may not be read, or is gone already
        owned.by_workload.setdefault("", []).extend(owned.by_workload.pop(left))
    return tuple(sorted(made, key=_order))


def _order(one: Workload) -> tuple[bool, int, bool, str, str]:
    """Ours first; what runs on before Jobs; web before the rest; the newest Job first."""
    rank = makers.KINDS.index(one.kind)
    newest = "".join(chr(0x10FFFF - ord(letter)) for letter in one.created_at) if one.kind == "Job" else ""
    return not one.ours, rank, one.component != "web", newest, one.name


def _services(world: World, workloads: Sequence[Workload], owned: _Owned) -> tuple[Service, ...]:
    ends: dict[str, list[Json]] = {}
    for item in world.of("EndpointSlice"):
        ends.setdefault(word(labels(item), SERVICE_OF), []).append(item)
    lasting = {one.title for one in workloads if one.lasting}
    templates = [
        (f"{kind}/{named(item)}", labels(table(item, "spec", "template")))
        for kind in makers.KINDS
        for item in world.of(kind)
        if f"{kind}/{named(item)}" in lasting
    ]
    found = [services.service(item, ends.get(named(item), ()), templates, owned.pods, owned.marks) for item in world.of("Service")]
    return tuple(sorted(found, key=lambda one: (not one.ours, one.role == "preview", one.name)))


def _routes(world: World, raw: Mapping[str, Json]) -> tuple[Route, ...]:
    found = [routes.ingress(item, raw) for item in world.of("Ingress")]
    found += [routes.http_route(item, raw) for item in world.of("HTTPRoute")]
    return tuple(sorted(found, key=lambda one: (not one.ours, one.name)))
