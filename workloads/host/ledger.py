"""What the host writes down: what it observed, which routes are in force, what has run out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Q

from controlplane.core import live
from workloads.host.fleet import Observed
from workloads.host.proxy import Route
from workloads.models import Environment, Instance

SEEN_EVERY = timedelta(seconds=5)


class Ledger:
    """Writes only what changed, and every few seconds that it was looked at."""

    def __init__(self) -> None:
        self._written: dict[int, Observed] = {}
        self._written_at: dict[int, datetime] = {}
        self._acknowledged: dict[int, int | None] = {}

    def record(self, observed: Iterable[Observed], now: datetime) -> None:
        """Write the observed state of each instance."""
        seen = {item.id: item for item in observed}
        for item in seen.values():
            if self._written.get(item.id) != item or now - self._written_at[item.id] >= SEEN_EVERY:
                Instance.objects.filter(pk=item.id).update(status=item.status, processes=item.processes, observed_at=now)
                self._ring(item)
                self._written[item.id], self._written_at[item.id] = item, now
        for gone in self._written.keys() - seen.keys():
            del self._written[gone], self._written_at[gone]
        here = Instance.objects.filter(environment__driver=Environment.Driver.PROCESS, wanted=Instance.Wanted.STOPPED)
        here.exclude(pk__in=seen).exclude(status=Instance.Status.STOPPED).update(status=Instance.Status.STOPPED, observed_at=now)

    def _ring(self, item: Observed) -> None:
        """Whoever looks at the environment is told when an instance became something else."""
        before = self._written.get(item.id)
        if item.environment is not None and (before is None or before.status != item.status):
            live.ring(f"environment-{item.environment}", instance=item.id)
            live.ring("overview", environment=item.environment)

    def acknowledge(self, in_force: Iterable[Route]) -> None:
        """Tell the driver which instance gets the requests of each stable address now."""
        for route in in_force:
            if not route.preview and self._acknowledged.get(route.environment, -1) != route.instance:
                Environment.objects.filter(pk=route.environment, active_instance=route.instance).update(
                    routed_instance=route.instance
                )
                self._acknowledged[route.environment] = route.instance

    def forget(self) -> None:
        """After the database was away: write everything again."""
        self._written.clear()
        self._written_at.clear()
        self._acknowledged.clear()


def stop_expired(now: datetime) -> None:
    """Former instances were kept long enough for an instant way back: they are wanted no more."""
    here = Instance.objects.filter(environment__driver=Environment.Driver.PROCESS, wanted=Instance.Wanted.RUNNING)
    here.filter(stop_after__lte=now).filter(
        Q(environment__active_instance__isnull=True) | ~Q(environment__active_instance=F("pk"))
    ).update(wanted=Instance.Wanted.STOPPED)


def move_port(instance: int, former: int | None, port: int) -> None:
    """The port was taken by somebody else: the instance listens on another one."""
    Instance.objects.filter(pk=instance, port=former).update(port=port)
