"""Ingresses: without a class, or leading to Services and Secrets that do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import HIGH, LOW, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact
from workloads.unchecked import Table, labels, rows, whole, word


def findings(view: View) -> Iterator[Fact]:
    """What each Ingress refers to and is not there."""
    defaults = any(
        labels(each, "metadata", "annotations").get("ingressclass.kubernetes.io/is-default-class") == "true"
        for each in view.kind("IngressClass")
    )
    for obj in view.kind("Ingress"):
        if not view.seen(obj):
            continue
        name = word(obj, "spec", "ingressClassName") or labels(obj, "metadata", "annotations").get(
            "kubernetes.io/ingress.class", ""
        )
        if name and view.kind("IngressClass") and not view.named("IngressClass", "", name):
            yield fact("ingress_class_missing", MEDIUM, obj, f"names the class {name}, which does not exist")
        if not name and view.kind("IngressClass") and not defaults:
            yield fact("ingress_without_class", LOW, obj, "names no class and there is no default one")
        yield from _targets(view, obj)
        for tls in rows(obj, "spec", "tls"):
            secret = word(tls, "secretName")
            if secret and view.kind("Secret") and not view.named("Secret", word(obj, "metadata", "namespace"), secret):
                yield fact(
                    "ingress_secret_missing", MEDIUM, obj, f"takes its certificate from the Secret {secret}, which does not exist"
                )


def _targets(view: View, obj: Table) -> Iterator[Fact]:
    for rule in rows(obj, "spec", "rules"):
        for path in rows(rule, "http", "paths"):
            name = word(path, "backend", "service", "name")
            service = view.service(word(obj, "metadata", "namespace"), name) if name else None
            port = whole(path, "backend", "service", "port", "number")
            if name and not service:
                yield fact(
                    "ingress_service_missing", HIGH, obj, f"{word(path, 'path')} leads to the Service {name}, which does not exist"
                )
            elif service and port and not service.listens_on(port):
                yield fact(
                    "ingress_port_missing",
                    HIGH,
                    obj,
                    f"{word(path, 'path')} leads to port {port}, which the Service {name} does not have",
                )
