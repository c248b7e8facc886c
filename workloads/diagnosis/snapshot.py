"""A Snapshot: an immutable bundle of evidence, as it was read and before anything is concluded from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogFile:
    """The log of one container. `read` gives its end (the adapter limits how much) and is called only when a rule asks."""

    namespace: str
    pod: str
    container: str
    previous: bool
    read: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Evidence of one moment. `objects` and `declared` are Kubernetes objects; `alerts` are Alertmanager's, `metrics` a Prometheus
    matrix; `probes` active checks by their kind. A kind that was not collected is None, one that was empty is empty.
    """

    objects: tuple[Json, ...] = ()
    declared: tuple[Json, ...] | None = None
    alerts: tuple[Json, ...] | None = None
    metrics: tuple[Json, ...] | None = None
    probes: Json | None = None
    logs: tuple[LogFile, ...] | None = None
    namespace: str = ""
    symptom: str = ""
    observed_at: str = ""
    collected_at: str = ""
    # What could not be read, in words for a person: the verdict says so.
    problems: tuple[str, ...] = ()
    # What was collected in part only, with a reason.
    partly: tuple[str, ...] = ()
