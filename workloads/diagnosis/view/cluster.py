"""The view: every index over a Snapshot that rules ask for, made when it is first asked."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from workloads.diagnosis.snapshot import Snapshot
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view import calls
from workloads.diagnosis.view.assembly import assemble, key_of
from workloads.diagnosis.view.events import Event, read_event
from workloads.diagnosis.view.logs import Log
from workloads.diagnosis.view.nodes import Node
from workloads.diagnosis.view.pods import Pod
from workloads.diagnosis.view.services import Service, selects
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import Table, rows, word

SYSTEM = ("kube-system", "kube-public", "kube-node-lease")


class View:
    """The evidence of one Snapshot, indexed."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def by_kind(self) -> dict[str, list[Table]]:
        """Objects by kind."""
        found: dict[str, list[Table]] = defaultdict(list)
        for obj in self.snapshot.objects:
            found[word(obj, "kind")].append(obj)
        return found

    def kind(self, kind: str) -> list[Table]:
        """All objects of a kind."""
        return self.by_kind.get(kind, [])

    @cached_property
    def _by_key(self) -> dict[tuple[str, str, str], Table]:
        return {key_of(obj): obj for kind, some in self.by_kind.items() if kind != "Event" for obj in some}

    def named(self, kind: str, namespace: str, name: str) -> Table:
        """One object by name, empty when it is not there."""
        return self._by_key.get((kind, namespace, name), {})

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces that are looked at: the case's own, or all that are not the system's."""
        if self.snapshot.namespace:
            return frozenset([self.snapshot.namespace])
        kinds = (
            "Pod",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "Service",
            "ReplicaSet",
            "Job",
            "CronJob",
            "PersistentVolumeClaim",
        )
        found = {word(obj, "metadata", "namespace") for kind in kinds for obj in self.kind(kind)}
        return frozenset(found - set(SYSTEM) - {""}) or frozenset(found - {""})

    def seen(self, obj: Table) -> bool:
        """Whether an object lies in a namespace that is looked at."""
        return word(obj, "metadata", "namespace") in self.namespaces

    @cached_property
    def now(self) -> float:
        """The moment of the Snapshot: when it was collected, or the latest time anything in it says."""
        stated = seconds(self.snapshot.collected_at) or seconds(self.snapshot.observed_at)
        return stated or max((event.at for event in self.events), default=0.0)

    @cached_property
    def every_workload(self) -> tuple[Workload, ...]:
        """All workloads of the cluster that were collected."""
        return tuple(assemble(self.by_kind))

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """The workloads of the namespaces that are looked at."""
        return tuple(each for each in self.every_workload if each.namespace in self.namespaces)

    def workload(self, namespace: str, name: str) -> Workload | None:
        """A workload by name; a lasting one before a Job of that name."""
        return self._workloads_by_name.get((namespace, name))

    @cached_property
    def _workloads_by_name(self) -> dict[tuple[str, str], Workload]:
        lasting = ("Deployment", "StatefulSet", "DaemonSet")
        ranked = sorted(self.every_workload, key=lambda each: each.kind in lasting)
        return {(each.namespace, each.name): each for each in ranked}

    @cached_property
    def owners(self) -> dict[tuple[str, str], Workload]:
        """The workload of each pod, by namespace and name."""
        return {(pod.namespace, pod.name): workload for workload in self.every_workload for pod in workload.pods}

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """The pods of the namespaces that are looked at."""
        return tuple(pod for workload in self.workloads for pod in workload.pods)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes."""
        return tuple(Node(obj) for obj in self.kind("Node"))

    @cached_property
    def _controlling(self) -> frozenset[str]:
        found = {pod.node for each in self.every_workload if each.name.startswith("kube-apiserver") for pod in each.pods}
        found |= {
            word(each, "node")
            for each in self.probe("nodeServices")
            if word(each, "service") in ("kube-scheduler", "kube-apiserver")
        }
        return frozenset(found)

    def controls(self, node: Node) -> bool:
        """Whether a node runs the control plane: its labels say so, or what runs there."""
        return node.control_plane or node.name in self._controlling

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """The Services of the namespaces that are looked at."""
        return tuple(Service(obj) for obj in self.kind("Service") if self.seen(obj))

    def service(self, namespace: str, name: str) -> Service | None:
        """A Service by name, in any namespace."""
        obj = self.named("Service", namespace, name)
        return Service(obj) if obj else None

    def pods_of(self, service: Service) -> tuple[Pod, ...]:
        """The pods a Service selects."""
        return tuple(
            pod
            for pod in self.pods
            if pod.namespace == service.namespace and not pod.over and selects(service.selector, pod.labels)
        )

    def services_of(self, workload: Workload) -> tuple[Service, ...]:
        """The Services that select a workload's pods."""
        return tuple(
            each for each in self.services if each.namespace == workload.namespace and selects(each.selector, workload.labels)
        )

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """All events, latest first."""
        return tuple(sorted((read_event(obj) for obj in self.kind("Event")), key=lambda event: -event.at))

    @cached_property
    def _events_by_object(self) -> dict[tuple[str, str, str], list[Event]]:
        found: dict[tuple[str, str, str], list[Event]] = defaultdict(list)
        for event in self.events:
            found[event.kind, event.namespace, event.name].append(event)
        return found

    def events_of(self, kind: str, namespace: str, name: str) -> list[Event]:
        """The events of an object, latest first. Those of nodes lie in whichever namespace wrote them."""
        if kind == "Node":
            return [event for event in self.events if event.kind == "Node" and event.name == name]
        return self._events_by_object.get((kind, namespace, name), [])

    def events_of_pod(self, pod: Pod) -> list[Event]:
        """The events of a pod, latest first."""
        return self.events_of("Pod", pod.namespace, pod.name)

    @cached_property
    def logs(self) -> dict[tuple[str, str], list[Log]]:
        """Logs by namespace and pod (or application, as some collect them)."""
        found: dict[tuple[str, str], list[Log]] = defaultdict(list)
        for source in self.snapshot.logs or ():
            found[source.namespace, source.pod].append(Log(source, seconds(self.snapshot.observed_at) or self.now))
        return found

    def logs_of(self, workload: Workload) -> list[Log]:
        """The logs of a workload's pods, and those kept under its own name."""
        names = [pod.name for pod in workload.pods] + [workload.name]
        return [log for name in dict.fromkeys(names) for log in self.logs.get((workload.namespace, name), ())]

    def logs_of_pod(self, pod: Pod) -> list[Log]:
        """The logs of one pod."""
        return self.logs.get((pod.namespace, pod.name), [])

    @cached_property
    def references(self) -> tuple[calls.Reference, ...]:
        """Variables that hold addresses of the cluster."""
        return tuple(calls.references(self.workloads, lambda namespace, name: self.named("ConfigMap", namespace, name)))

    @cached_property
    def calls(self) -> dict[str, set[str]]:
        """Names of workloads to the names of those they call."""
        return calls.graph(self.references, self.workloads, self.service, self.probe("serviceDependencies"))

    @cached_property
    def callers(self) -> dict[str, set[str]]:
        """Names of workloads to the names of those that call them."""
        found: dict[str, set[str]] = defaultdict(set)
        for caller, called in self.calls.items():
            for each in called:
                found[each].add(caller)
        return dict(found)

    def probe(self, kind: str) -> list[Table]:
        """The results of a kind of active checks, none when they were not made."""
        return rows(self.snapshot.probes, kind)

    @cached_property
    def declared(self) -> dict[tuple[str, str, str], Table]:
        """Declared objects by kind, namespace and name."""
        return {key_of(obj): obj for obj in self.snapshot.declared or ()}

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Kinds of evidence that were not collected."""
        given = self.snapshot
        lacking = {
            "alerts": given.alerts is None,
            "events": not self.kind("Event"),
            "logs": not given.logs,
            "metrics": given.metrics is None,
            "nodes": not self.kind("Node"),
            "probes": given.probes is None,
        }
        return tuple(name for name, lacks in lacking.items() if lacks)
