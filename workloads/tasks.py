"""Background work of what is operated. A task is a wake-up: sent twice, the second finds nothing to do."""

from __future__ import annotations

import threading

from celery import shared_task
from django.utils import timezone

from workloads import diagnoses, drift, incidents, live_findings
from workloads.drivers.kubernetes import sweeping
from workloads.notices import pruning, router, sending
from workloads.snapshots import taking

# Receivers may be slow: one thread of a worker at most waits for them.
_seat = threading.BoundedSemaphore(1)
# So may clusters.
_looker = threading.BoundedSemaphore(1)
_diagnostician = threading.BoundedSemaphore(1)


@shared_task(name="workloads.send_notices", ignore_result=True)
def send_notices(because: int = 0) -> None:
    """Route what was announced, and send what is due. `because` names what woke it up; everything that waits is looked at."""
    while router.route_all():
        pass
    if not _seat.acquire(blocking=False):
        return
    try:
        sending.send_due()
    finally:
        _seat.release()


@shared_task(name="workloads.prune_notices", ignore_result=True)
def prune_notices() -> None:
    """Forget what was told long ago."""
    pruning.prune()


@shared_task(name="workloads.settle_clusters", ignore_result=True)
def settle_clusters() -> None:
    """Scale former sets to nothing once they were kept long enough."""
    sweeping.settle()


@shared_task(name="workloads.look_for_drift", ignore_result=True)
def look_for_drift() -> None:
    """Look at the clusters whose turn it is; one thread of a worker at most waits for them."""
    if not _looker.acquire(blocking=False):
        return
    try:
        drift.look_at_all()
    finally:
        _looker.release()


@shared_task(name="workloads.prune_snapshots", ignore_result=True)
def prune_snapshots() -> None:
    """Delete the files of old snapshots; who took which stays known."""
    taking.prune(timezone.now())


@shared_task(name="workloads.diagnose", ignore_result=True)
def diagnose(because: int = 0) -> None:
    """Make the diagnoses that were asked for. `because` names what woke it up; everything that waits is made."""
    if not _diagnostician.acquire(blocking=False):
        return  # whoever makes one looks for the next when it is done
    try:
        diagnoses.make_waiting()
    finally:
        _diagnostician.release()


@shared_task(name="workloads.diagnose_deployment", ignore_result=True)
def diagnose_deployment(deployment_id: int) -> None:
    """Ask what is wrong where a deployment failed."""
    diagnoses.ask_for_deployment(deployment_id)


@shared_task(name="workloads.look_for_findings", ignore_result=True)
def look_for_findings() -> None:
    """Look at what runs on the clusters whose turn it is; not beside another such look."""
    if not _looker.acquire(blocking=False):
        return
    try:
        live_findings.look_at_all()
    finally:
        _looker.release()


@shared_task(name="workloads.tell_ends_of_incidents", ignore_result=True)
def tell_ends_of_incidents() -> None:
    """Tell people of incidents that came and went, and have stayed away since."""
    incidents.tell_ends(timezone.now())
