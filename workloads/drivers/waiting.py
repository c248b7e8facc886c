"""Waiting for the host to do what the rows say, without holding a database connection meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from controlplane.core.errors import OutsideError
from controlplane.core.redaction import redact
from workloads.adapters import probes
from workloads.adapters.probes import Target
from workloads.evidence import Evidence
from workloads.host import logs, place
from workloads.models import Environment, Instance
from workloads.rollout import PROGRESS_DEADLINE_SECONDS

LOOK_EVERY = 0.15
HOST_SECONDS = 30.0
ENOUGH_CRASHES = 3


@dataclass(frozen=True, slots=True)
class Ready:
    """How long it took; `seconds` is None when it did not become ready, and `why` says so."""

    seconds: float | None
    why: str = ""


def until_ready(instance: Instance, deadline: float = PROGRESS_DEADLINE_SECONDS) -> Ready:
    """Wait until the web process answers HTTP with anything. Raises OutsideError when no host takes care of it."""
    began = time.monotonic()
    while True:
        row, waited = Instance.objects.get(pk=instance.pk), time.monotonic() - began
        if row.status == Instance.Status.RUNNING and _answers(row):
            return Ready(time.monotonic() - began)
        web: dict[str, Any] = row.processes.get("web") or next(iter(row.processes.values()), {})
        if web.get("restarts", 0) >= ENOUGH_CRASHES:
            return Ready(None, f"its process ended {web['restarts']} times, the last time with exit code {web.get('exit_code')}")
        if row.wanted == Instance.Wanted.STOPPED:
            return Ready(None, "it was stopped before it was ready")
        if waited > HOST_SECONDS and row.status == Instance.Status.PENDING:
            raise no_host()
        if waited > deadline:
            return Ready(None, f"it did not answer within {deadline:.0f} s")
        pause()


def until_routed(environment: Environment, instance: Instance, deadline: float = HOST_SECONDS) -> bool:
    """Wait until the host says that the stable address leads to this instance."""
    rows = Environment.objects.filter(pk=environment.pk, routed_instance=instance.pk)
    return _until(rows.exists, deadline)


def pause(seconds: float = LOOK_EVERY) -> None:
    """Sleep; outside a transaction, give the connection back first."""
    if not connection.in_atomic_block:
        connection.close()
    time.sleep(seconds)


def no_host() -> OutsideError:
    """Nobody runs what the rows want."""
    return OutsideError("The host does not take care of its instances.", cure="Start it: `manage.py up`, or `manage.py host`.")


def log_evidence(instance: Instance, secrets: frozenset[str]) -> tuple[Evidence, ...]:
    """The ends of the instance's logs, redacted."""
    found = []
    for log in logs.logs(place.instance_folder(instance.pk)):
        text = redact(logs.tail(log), secrets)
        found += [Evidence(f"Log of {log.stem}", "log", text, log.name)] if text else []
    return tuple(found)


def _until(holds: Callable[[], bool], deadline: float) -> bool:
    end = time.monotonic() + deadline
    while not holds():
        if time.monotonic() > end:
            return False
        pause()
    return True


def _answers(row: Instance) -> bool:
    """A worker-only application has no web process: it is ready when it runs."""
    if "web" not in row.processes:
        return True
    path = str(row.release.run_plan.get("health_path") or "/")
    target = Target(row.port or 0, place.stable_host(row.environment))
    return probes.get(target, path, deadline=30).status > 0
