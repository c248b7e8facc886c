"""What a person may choose about a roll-out on a cluster: `Target.options["rollout"]` and `["drift"]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from controlplane.core.errors import Invalid
from workloads.rollout import KEEP_OLD_SECONDS

T = TypeVar("T")
STRICT = ConfigDict(extra="forbid")
Weight = Annotated[int, Field(ge=1, le=99)]


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """One question to Prometheus. In it `{namespace}`, `{set}`, `{workload}` and `{window}` are filled in.

    `at_least` and `at_most` limit one number. `errors` (a second question, the number of failed requests) makes `query` the
    number of all requests: the success ratio, with its low traffic guard. `compare` asks both versions and tests whether the
    canary's values are worse: an `increase`, a `decrease`, `either`.
    """

    __pydantic_config__ = STRICT
    name: str
    query: str
    errors: str = ""
    at_least: float | None = None
    at_most: float | None = None
    compare: Literal["", "increase", "decrease", "either"] = ""


@dataclass(frozen=True, slots=True)
class Rollout:
    """Seconds and counts. A release that does not get on for `interval` x `threshold` seconds has failed (Flagger)."""

    __pydantic_config__ = STRICT
    interval: Annotated[float, Field(ge=1, le=3600)] = 15.0
    threshold: Annotated[int, Field(ge=1, le=100)] = 6
    steps: tuple[Weight, ...] = (10, 25, 50)  # percent of the traffic a canary gets, one after the other, before all of it
    checks: Literal["http", "pods"] = "http"  # "pods": nothing can be asked over HTTP, so that they are ready must do
    keep: Annotated[float, Field(ge=KEEP_OLD_SECONDS, le=86_400)] = KEEP_OLD_SECONDS
    prune: tuple[str, ...] = ()  # stateful objects that may be removed, by name: "PersistentVolumeClaim/media"
    metrics: tuple[MetricChoice, ...] = ()

    @property
    def patience(self) -> float:
        """Seconds without getting on after which a release has failed: interval x threshold."""
        return self.interval * self.threshold


@dataclass(frozen=True, slots=True)
class DriftChoice:
    """What is no drift here: fields like "Deployment/shop-web:spec.replicas", "*:metadata.labels.team"."""

    __pydantic_config__ = STRICT
    ignore: tuple[str, ...] = ()


ROLLOUT: TypeAdapter[Rollout] = TypeAdapter(Rollout)
DRIFT: TypeAdapter[DriftChoice] = TypeAdapter(DriftChoice)


def rollout_of(options: Mapping[str, Any]) -> Rollout:
    """The roll-out's choices. Raises Invalid for what is unknown or of the wrong kind."""
    return _read(ROLLOUT, "rollout", options)


def drift_of(options: Mapping[str, Any]) -> DriftChoice:
    """The drift's choices. Raises Invalid likewise."""
    return _read(DRIFT, "drift", options)


def _read(adapter: TypeAdapter[T], name: str, options: Mapping[str, Any]) -> T:
    try:
        return adapter.validate_python(options.get(name, {}))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in (name, *first["loc"]))
        raise Invalid(f"Option {place}: {first['msg']}.", cure="Correct it in the target's options.") from error
