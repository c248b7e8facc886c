"""The containers of a pod: what each does now, how it ended the last time, what it uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from workloads.quantities import amount
from workloads.topology.picture import Container, Ending, Measure
from workloads.topology.reading import Json
from workloads.unchecked import EMPTY, rows, table, whole, word

Said = Callable[[str], str]
Used = Mapping[tuple[str, str], tuple[float | None, float | None]]  # (pod, container): cores, bytes


def containers(pod: Json, used: Used, said: Said) -> Iterator[Container]:
    """Init containers first, in their order."""
    statuses = {
        word(one, "name"): one for name in ("initContainerStatuses", "containerStatuses") for one in rows(pod, "status", name)
    }
    for place in ("initContainers", "containers"):
        for spec in rows(pod, "spec", place):
            usage = used.get((word(pod, "metadata", "name"), word(spec, "name")), (None, None))
            yield _container(spec, statuses.get(word(spec, "name"), EMPTY), _role(place, spec), usage, said)


def together(measures: Iterable[Measure]) -> Measure:
    """The sum; what nobody told stays untold, and a limit that one lacks is none."""
    found = list(measures)
    limits = [one.limit for one in found]
    limit = sum(one for one in limits if one is not None) if limits and None not in limits else None
    return Measure(_sum(one.used for one in found), _sum(one.requested for one in found), limit)


def _container(spec: Json, status: Json, role: str, usage: tuple[float | None, float | None], said: Said) -> Container:
    name, told = _state(status)
    return Container(
        name=word(spec, "name"),
        role=role,
        image=said(word(spec, "image")),
        state=name,
        reason=word(told, "reason"),
        message=said(word(told, "message")),
        ready=bool(status.get("ready")),
        restarts=whole(status, "restartCount"),
        since=word(told, "startedAt"),
        last=_ending(status, said),
        cpu=_measure(spec, "cpu", usage[0]),
        memory=_measure(spec, "memory", usage[1]),
    )


def _role(place: str, spec: Json) -> str:
    if place == "containers":
        return "app"
    return "sidecar" if spec.get("restartPolicy") == "Always" else "init"


def _state(status: Json) -> tuple[str, Json]:
    for name, state in (("running", "running"), ("waiting", "waiting"), ("terminated", "ended")):
        if isinstance(status.get("state"), Mapping) and name in status["state"]:
            return state, table(status, "state", name)
    return "unknown", EMPTY


def _ending(status: Json, said: Said) -> Ending | None:
    told = table(status, "lastState", "terminated") or table(status, "state", "terminated")
    if not told:
        return None
    code = told.get("exitCode")
    return Ending(
        word(told, "reason"), code if isinstance(code, int) else None, said(word(told, "message")), word(told, "finishedAt")
    )


def _measure(spec: Json, name: str, used: float | None) -> Measure:
    asked = table(spec, "resources", "requests").get(name)
    most = table(spec, "resources", "limits").get(name)
    return Measure(used, amount(asked if asked is not None else ""), amount(most if most is not None else ""))


def _sum(values: Iterable[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return sum(told) if told else None
