"""Clearing away what nobody can come back to: old running copies, their logs, old samples."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from workloads.host import place
from workloads.models import Environment, Instance, Sample

KEPT_AN_ENVIRONMENT = 5  # stopped instances whose folder and logs are kept
KEEP_SAMPLES = timedelta(days=14)
KEEP_ORPHANS = timedelta(hours=1)  # a folder may be made before its row


def prune(now: datetime) -> None:
    """Delete instances that are stopped and old with their folders; folders nobody knows; old samples."""
    for environment in Environment.objects.filter(driver=Environment.Driver.PROCESS):
        for instance in _forgettable(environment):
            _remove(Path(instance.folder))
            _remove(place.instance_folder(instance.pk))
            instance.delete()
    _remove_orphans(now)
    Sample.objects.filter(at__lt=now - KEEP_SAMPLES).delete()


def _forgettable(environment: Environment) -> list[Instance]:
    way_back = Instance.objects.filter(pk=environment.active_instance_id or 0).values_list("replaced_id", flat=True)
    needed = {environment.active_instance_id, environment.routed_instance_id, *way_back}
    stopped = environment.instances.filter(wanted=Instance.Wanted.STOPPED, status=Instance.Status.STOPPED)
    return list(stopped.exclude(pk__in=[key for key in needed if key]).order_by("-pk")[KEPT_AN_ENVIRONMENT:])


def _remove_orphans(now: datetime) -> None:
    known = set(Instance.objects.values_list("folder", flat=True))
    oldest = (now - KEEP_ORPHANS).timestamp()
    for folder in place.data_folder("releases").glob("*/*"):
        if str(folder) not in known and folder.stat().st_mtime < oldest:
            _remove(folder)


def _remove(folder: Path) -> None:
    """Only ever below our own data folder, whatever the row says."""
    if folder.is_dir() and folder.resolve().is_relative_to(place.data_folder("").resolve()):
        shutil.rmtree(folder, ignore_errors=True)
