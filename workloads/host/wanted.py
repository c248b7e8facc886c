"""What should run on this machine, read from the rows at one moment."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.db.models import F, Q

from controlplane.core.errors import TimonelError
from workloads.host import place
from workloads.host.ports import preview_of
from workloads.host.process import Launch
from workloads.host.proxy import Route
from workloads.host.statics import Statics, statics_of
from workloads.models import Environment, Instance

log = logging.getLogger(__name__)
WEB = "web"


@dataclass(frozen=True, slots=True)
class WantedInstance:
    """One copy of a release: what its processes are, and whether they should run."""

    id: int
    environment: int
    port: int | None
    background: bool
    statics: Statics | None
    launches: dict[str, Launch]  # empty: how it is started cannot be told at the moment


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything, as far as it is known."""

    instances: dict[int, WantedInstance]
    routes: tuple[Route, ...]


class Reader:
    """Reads the rows; how a process is launched is worked out once an instance and then remembered."""

    def __init__(self) -> None:
        self._launches: dict[tuple[int, int | None], dict[str, Launch]] = {}
        self._refused: set[int] = set()

    def read(self, now: datetime) -> Wanted:
        """What is wanted now. Raises the database's errors."""
        kept = Q(stop_after__isnull=True) | Q(stop_after__gt=now) | Q(environment__active_instance=F("pk"))
        here = Q(environment__driver=Environment.Driver.PROCESS)
        rows = Instance.objects.filter(here & Q(wanted=Instance.Wanted.RUNNING) & kept)
        found = {row.pk: self._wanted(row) for row in rows.select_related("environment__application", "release")}
        self._launches = {key: value for key, value in self._launches.items() if key[0] in found}
        return Wanted(found, routes(found))

    def _wanted(self, row: Instance) -> WantedInstance:
        live = row.environment.active_instance_id == row.pk
        files = statics_of(row.release.run_plan, _application(row), place.data_folder(""))
        return WantedInstance(row.pk, row.environment_id, row.port, row.background and live, files, self._known(row))

    def _known(self, row: Instance) -> dict[str, Launch]:
        key = (row.pk, row.port)
        if key not in self._launches:
            try:
                self._launches[key] = launches(row)
            except TimonelError as error:
                if row.pk not in self._refused:
                    log.error("%s cannot be started: %s", row, error)
                self._refused.add(row.pk)
        return self._launches.get(key, {})


def launches(row: Instance) -> dict[str, Launch]:
    """How each process of the instance is run."""
    variables = place.surroundings(row.environment, row.release, row.port)
    return {
        name: Launch(place.command(argv, row.release, row.port), _application(row), variables)
        for name, argv in row.release.run_plan.get("processes", {}).items()
    }


def _application(row: Instance) -> Path:
    return place.application_folder(Path(row.folder), row.release)


def routes(found: dict[int, WantedInstance]) -> tuple[Route, ...]:
    """Where each stable address leads, and each preview address."""
    rows = Environment.objects.filter(driver=Environment.Driver.PROCESS, port__isnull=False).select_related("application")
    names = {row.pk: str(row) for row in rows}
    stable = [_route(row.port or 0, row.pk, names[row.pk], found.get(row.active_instance_id or 0)) for row in rows]
    previews = [
        replace(_route(preview_of(item.port), item.environment, names.get(item.environment, ""), item), preview=True)
        for item in found.values()
        if item.port is not None
    ]
    return (*stable, *previews)


def _route(port: int, environment: int, name: str, to: WantedInstance | None) -> Route:
    return Route(environment, name, port, to.id, to.port, to.statics) if to else Route(environment, name, port)
