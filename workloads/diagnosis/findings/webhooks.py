"""Admission webhooks whose Service or pods are not there: they refuse or slow everything they watch."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.findings.stating import HIGH, MEDIUM, fact
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.services import selects
from workloads.evidence import Fact
from workloads.unchecked import Table, labels, rows, word


def findings(view: View) -> Iterator[Fact]:
    """Each webhook of both kinds of configuration."""
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        for obj in view.kind(kind):
            for hook in rows(obj, "webhooks"):
                yield from _hook(view, obj, hook)


def _hook(view: View, obj: Table, hook: Table) -> Iterator[Fact]:
    namespace, name = word(hook, "clientConfig", "service", "namespace"), word(hook, "clientConfig", "service", "name")
    collected = any(word(each, "metadata", "namespace") == namespace for each in view.kind("Service"))
    if not name or not collected:
        return
    severity = HIGH if word(hook, "failurePolicy") != "Ignore" else MEDIUM
    service = view.service(namespace, name)
    if service is None:
        yield fact(
            "webhook_service_missing",
            severity,
            obj,
            f"{word(hook, 'name')} asks the Service {namespace}/{name}, which does not exist",
        )
        return
    pods = [
        each
        for each in view.kind("Pod")
        if word(each, "metadata", "namespace") == namespace and selects(service.selector, labels(each, "metadata", "labels"))
    ]
    if service.selector and not any(word(each, "status", "phase") == "Running" for each in pods):
        yield fact(
            "webhook_without_pods", severity, obj, f"{word(hook, 'name')} asks the Service {namespace}/{name}, of which no pod runs"
        )
