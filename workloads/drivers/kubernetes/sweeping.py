"""Former sets, kept long enough for an instant way back: scaled to nothing. Part of what the approved roll-out said it does."""

from __future__ import annotations

import logging

from django.db.models import F, Q
from django.utils import timezone

from controlplane.core.errors import TimonelError
from workloads.drivers.kubernetes import kept, parts
from workloads.drivers.kubernetes.errand import Errand, errand
from workloads.drivers.kubernetes.returning import stop
from workloads.models import Change, Deployment, Environment, Instance

log = logging.getLogger(__name__)
Status, Wanted = Instance.Status, Instance.Wanted
UNDER_WAY = (Deployment.Status.APPLYING, Deployment.Status.VERIFYING)


def settle() -> int:
    """Stop what was kept long enough; return how many sets. What fails is tried again with the next call."""
    here = Instance.objects.filter(environment__driver=Environment.Driver.KUBERNETES)
    idle = ~Q(environment__active_instance=F("pk")) | Q(environment__active_instance__isnull=True)
    here.filter(idle, wanted=Wanted.RUNNING, stop_after__lte=timezone.now()).exclude(
        environment__deployments__status__in=UNDER_WAY
    ).exclude(environment__changes__status=Change.Status.APPLYING).update(wanted=Wanted.STOPPED)
    due = here.filter(idle, wanted=Wanted.STOPPED, stop_after__isnull=False).exclude(status=Status.STOPPED)
    return sum(_stop(instance) for instance in due.select_related("environment__active_instance", "environment__application"))


def _stop(instance: Instance) -> bool:
    environment = instance.environment
    job = errand(environment, f"{instance.key}-kept", _silent)
    live = environment.active_instance
    try:
        staying = parts.titles(kept.parts_of(live).workloads)
        if _still_due(job, instance):
            stop(job, kept.parts_of(instance), except_for=staying)
    except TimonelError as error:
        log.warning("The former set of %s could not be scaled to nothing yet: %s", environment, error)
        return False
    return Instance.objects.filter(pk=instance.pk, wanted=Wanted.STOPPED).update(status=Status.STOPPED) == 1


def _still_due(job: Errand, instance: Instance) -> bool:
    """Nobody returned to it meanwhile. Who does writes with a newer fence, so that a stop that comes late is refused."""
    row = Instance.objects.select_related("environment").get(pk=instance.pk)
    return row.wanted == Wanted.STOPPED and row.environment.fence == job.environment.fence


def _silent(text: str, *, kind: str = "note", level: str = "info") -> None:
    """Nobody listens."""
