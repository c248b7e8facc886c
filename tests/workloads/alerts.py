"""Alertmanagers for tests: alerts of many causes, told in groups, repeated, ended, by several senders at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from workloads import deliveries
from workloads.hooks.parsing import parse
from workloads.hooks.signatures import Proof
from workloads.models import Environment, WebhookDelivery, WebhookRule, WebhookSource

Document = dict[str, Any]
BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
SAFE = "bcdfghjklmnpqrstvwxz2456789"
NEVER = "0001-01-01T00:00:00Z"


@dataclass(frozen=True)
class One:
    """An alert as an Alertmanager has it: it fires since `started`, until it is over."""

    name: str
    labels: dict[str, str]
    started: datetime = BEGAN
    ended: datetime | None = None

    def over(self, minutes: float = 5) -> One:
        """It, ended so long after it began."""
        return replace(self, ended=self.started + timedelta(minutes=minutes))

    def anew(self, minutes: float = 10) -> One:
        """It, firing again, so long after it began before."""
        return replace(self, started=self.started + timedelta(minutes=minutes), ended=None)

    def document(self) -> Document:
        """It as it is sent."""
        labels = {"alertname": self.name, "severity": "critical", **self.labels}
        told = json.dumps(labels, sort_keys=True)
        return {
            "status": "resolved" if self.ended else "firing",
            "labels": labels,
            "annotations": {"summary": f"{self.name} is firing", "description": "It has been so for two minutes."},
            "startsAt": self.started.isoformat(),
            "endsAt": self.ended.isoformat() if self.ended else NEVER,
            "generatorURL": f"http://prometheus.example/graph?g0.expr={self.name}",
            "fingerprint": hashlib.sha256(told.encode()).hexdigest()[:16],
        }


def pod_of(workload: str, number: int) -> str:
    """The name of a pod of a Deployment, as Kubernetes makes them."""
    tail = "".join(SAFE[(number // len(SAFE) ** place) % len(SAFE)] for place in range(5))
    return f"{workload}-7d9f8b6c5d-{tail}"


def causes(many: int, alerts: int, namespace: str = "") -> list[list[One]]:
    """So many causes with so many alerts each: pods of workloads, in turn of five kinds of alerts."""
    place = {"namespace": namespace} if namespace else {}
    names = ("PodCrashLooping", "PodNotReady", "HighLatency", "ErrorRate", "QueueGrowing")
    found = []
    for number in range(many):
        name, workload = names[number % len(names)], f"app{number // len(names)}"
        exporter = {"job": "kube-state-metrics", "instance": "10.0.0.9:8080", "service": "kube-state-metrics"}
        found.append([One(name, {**place, **exporter, "pod": pod_of(workload, n), "container": "web"}) for n in range(alerts)])
    return found


def notification(alerts: Sequence[One], groups: dict[str, str] | None = None, sender: str = "am-0", **more: Any) -> Document:
    """One notification of these alerts."""
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": "firing" if any(one.ended is None for one in alerts) else "resolved",
        "receiver": "timonel",
        "groupLabels": groups or {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": f"http://{sender}.example:9093",
        "alerts": [one.document() for one in alerts],
        **more,
    }


def source_for(*environments: Environment, name: str = "alerts", refs: str = "", **more: Any) -> WebhookSource:
    """A source whose rules open incidents in these environments."""
    source = WebhookSource.objects.create(name=name, kind="alertmanager", secret="k" * 32)
    for environment in environments:
        WebhookRule.objects.create(source=source, environment=environment, event="alert", effect="incident", refs=refs, **more)
    return source


def receive(source: WebhookSource, document: Document, again: str = "") -> WebhookDelivery:
    """A delivery as the door writes it down; `again`: what tells it from the same one before."""
    body = json.dumps(document).encode()
    digest = hashlib.sha256(body + again.encode()).hexdigest()
    proof, actor = Proof("alert", digest[:32], digest), deliveries.actor_of(source)
    return deliveries.receive(actor, source, proof, digest, parse("alertmanager", "alert", body))[0]


def pieces(alerts: Sequence[One], sizes: Sequence[int]) -> Iterator[Sequence[One]]:
    """The alerts in groups of these sizes, in turn."""
    at = turn = 0
    while at < len(alerts):
        size = sizes[turn % len(sizes)]
        yield alerts[at : at + size]
        at, turn = at + size, turn + 1
