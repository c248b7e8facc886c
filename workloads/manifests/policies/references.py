"""Objects that name others which are not there, after kube-linter. Only among objects that were given together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workloads.manifests.policies.rule import Rule, Subject, listed, mapping, rule, selects


@rule("kube-linter/dangling-service", severity="high", cure="Select labels that a workload's pods have.")
def service_selects(subject: Subject) -> Iterator[str]:
    """A Service selects pods that some workload makes."""
    selector = subject.spec.get("selector")
    if (
        subject.kind == "Service"
        and selector
        and subject.spec.get("type") != "ExternalName"
        and not list(_chosen(subject, selector))
    ):
        yield "it selects no pods of any workload"


@rule("kube-linter/invalid-target-ports", severity="high", cure="Name a port that the container has.")
def target_ports(subject: Subject) -> Iterator[str]:
    """A Service's named port is one of the container's."""
    if subject.kind != "Service":
        return
    for other in _chosen(subject, subject.spec.get("selector")):
        names = {str(mapping(port).get("name")) for one in other.containers(starting=False) for port in listed(one.get("ports"))}
        for port in map(mapping, listed(subject.spec.get("ports"))):
            target = port.get("targetPort")
            if isinstance(target, str) and target not in names:
                yield f"it leads to port {target}, which {other.kind} {other.name} does not have"


@rule("kube-linter/mismatching-selector", severity="high", cure="Select the labels of its own template.")
def own_selector(subject: Subject) -> Iterator[str]:
    """A workload selects its own pods."""
    selector = mapping(subject.spec.get("selector")).get("matchLabels")
    if subject.kind in {"Deployment", "StatefulSet", "DaemonSet"} and not selects(selector, subject.labels):
        yield "it does not select its own pods"


@rule("kube-linter/non-existent-service-account", severity="high", cure="Make the account, or name one that is there.")
def account_is_there(subject: Subject) -> Iterator[str]:
    """The service account is there. Looked for only where any account was given: otherwise it may be made elsewhere."""
    name = subject.pod.get("serviceAccountName")
    known = {str(mapping(other.get("metadata")).get("name")) for other in subject.beside("ServiceAccount")}
    if name and known and name != "default" and str(name) not in known:
        yield f"there is no service account {name}"


@rule("kube-linter/dangling-horizontalpodautoscaler", severity="medium", cure="Name a workload that is there.")
def scaler_has_target(subject: Subject) -> Iterator[str]:
    """An autoscaler scales something."""
    if subject.kind in {"HorizontalPodAutoscaler", "ScaledObject"}:
        target = mapping(subject.spec.get("scaleTargetRef"))
        kind, name = str(target.get("kind", "Deployment")), target.get("name")
        if not any(mapping(other.get("metadata")).get("name") == name for other in subject.beside(kind)):
            yield f"there is no {kind} {name}"


@rule("kube-linter/dangling-ingress", severity="high", cure="Name a Service that is there, and a port it has.")
def ingress_leads_somewhere(subject: Subject) -> Iterator[str]:
    """An Ingress leads to Services."""
    if subject.kind != "Ingress":
        return
    known = {mapping(other.get("metadata")).get("name") for other in subject.beside("Service")}
    for name in sorted({str(name) for name in _backends(subject)} - {str(name) for name in known}):
        yield f"there is no Service {name}"


@rule("kube-linter/dangling-networkpolicy", severity="low", cure="Select labels that a workload's pods have.")
def policy_selects(subject: Subject) -> Iterator[str]:
    """A NetworkPolicy is about some pods."""
    labels = mapping(subject.spec.get("podSelector")).get("matchLabels")
    if subject.kind == "NetworkPolicy" and labels and not list(_chosen(subject, labels)):
        yield "it selects no pods of any workload"


@rule("kube-linter/dangling-servicemonitor", severity="medium", cure="Select labels that a Service has.")
def monitor_selects(subject: Subject) -> Iterator[str]:
    """A ServiceMonitor finds its Service."""
    if subject.kind == "ServiceMonitor":
        labels = mapping(subject.spec.get("selector")).get("matchLabels")
        services = [mapping(mapping(other.get("metadata")).get("labels")) for other in subject.beside("Service")]
        if not any(selects(labels, found) for found in services):
            yield "it selects no Service"


def _chosen(subject: Subject, selector: Any) -> Iterator[Subject]:
    """Workloads of the same namespace whose pods a map of labels selects."""
    for other in subject.others:
        found = Subject(other)
        if found.pod and found.namespace == subject.namespace and selects(selector, found.labels):
            yield found


def _backends(subject: Subject) -> Iterator[Any]:
    for one in listed(subject.spec.get("rules")):
        for path in listed(mapping(mapping(one).get("http")).get("paths")):
            name = mapping(mapping(mapping(path).get("backend")).get("service")).get("name")
            if name:
                yield name


RULES: tuple[Rule, ...] = (
    service_selects, target_ports, own_selector, account_is_there, scaler_has_target, ingress_leads_somewhere, policy_selects,
    monitor_selects,
)  # fmt: skip
