"""Timonel's own metrics: HTTP of this process, and what the database says of runs, changes and leases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from agents.models import Run
from controlplane.core.measuring import REGISTRY
from controlplane.core.models import OutboxMessage
from workloads.models import Change, Incident


class Rows(Collector):
    """What the database says at this moment."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every family, counted with one query each."""
        now = timezone.now()
        yield _by_status("timonel_runs", "Runs by status.", dict(_counted(Run)), Run.Status.values)
        yield _by_status("timonel_changes", "Changes by status.", dict(_counted(Change)), Change.Status.values)
        yield _by_status("timonel_incidents", "Incidents by status.", dict(_counted(Incident)), Incident.Status.values)
        yield GaugeMetricFamily(
            "timonel_queue_age_seconds", "How long the oldest queued run waits; 0 without one.", _queue_age(now)
        )
        unsent = OutboxMessage.objects.filter(sent_at__isnull=True).count()
        yield GaugeMetricFamily("timonel_outbox_unsent", "Messages written and not sent yet.", unsent)
        yield _leases(now)


def exposition() -> bytes:
    """Everything as Prometheus' text."""
    rows = CollectorRegistry()
    rows.register(Rows())
    return generate_latest(rows) + generate_latest(REGISTRY)


def _counted(model: type[Run] | type[Change] | type[Incident]) -> Iterator[tuple[str, int]]:
    for row in model._default_manager.order_by().values("status").annotate(number=Count("pk")):
        yield row["status"], row["number"]


def _by_status(name: str, said: str, counted: dict[str, int], states: list[str]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, said, labels=["status"])
    for status in states:
        family.add_metric([status], counted.get(status, 0))
    return family


def _queue_age(now: datetime) -> float:
    oldest = Run.objects.filter(status=Run.Status.QUEUED).aggregate(oldest=Min("created_at"))["oldest"]
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0


def _leases(now: datetime) -> GaugeMetricFamily:
    held = Run.objects.filter(status=Run.Status.RUNNING)
    family = GaugeMetricFamily("timonel_leases", "Leases of runs: held now, or expired and not taken over yet.", labels=["state"])
    family.add_metric(["held"], held.filter(lease_expires_at__gt=now).count())
    family.add_metric(["expired"], held.filter(lease_expires_at__lte=now).count())
    return family
