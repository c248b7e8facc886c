"""The containers of a pod: what each does now, how it ended the last time, what it uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from workloads.quantities import amount
from workloads.topology.picture import Container, Ending, Measure
from workloads.topology.reading import EMPTY, Json, count, listed, part, text

Said = Callable[[str], str]
Used = Mapping[tuple[str, str], tuple[float | None, float | None]]  # (pod, container): cores, bytes


def containers(pod: Json, used: Used, said: Said) -> Iterator[Container]:
    """Init containers first, in their order."""
    statuses = {
        text(one, "name"): one
        for name in ("initContainerStatuses", "containerStatuses")
        for one in listed(pod, "status", name)
        if isinstance(one, Mapping)
    }
    for place in ("initContainers", "containers"):
        for spec in listed(pod, "spec", place):
            usage = used.get((text(pod, "metadata", "name"), text(spec, "name")), (None, None))
            yield _container(spec, statuses.get(text(spec, "name"), EMPTY), _role(place, spec), usage, said)


def together(measures: Iterable[Measure]) -> Measure:
    """The sum; what nobody told stays untold, and a limit that one lacks is none."""
    found = list(measures)
    limits = [one.limit for one in found]
    limit = sum(one for one in limits if one is not None) if limits and None not in limits else None
    return Measure(_sum(one.used for one in found), _sum(one.requested for one in found), limit)


def _container(spec: Json, status: Json, role: str, usage: tuple[float | None, float | None], said: Said) -> Container:
    name, told = _state(status)
    return Container(
        name=text(spec, "name"),
        role=role,
        image=said(text(spec, "image")),
        state=name,
        reason=text(told, "reason"),
        message=said(text(told, "message")),
        ready=bool(status.get("ready")),
        restarts=count(status, "restartCount"),
        since=text(told, "startedAt"),
        last=_ending(status, said),
        cpu=_measure(spec, "cpu", usage[0]),
        memory=_measure(spec, "memory", usage[1]),
    )


def _role(place: str, spec: Json) -> str:
    if place == "containers":
        return "app"
    return "sidecar" if spec.get("restartPolicy") == "Always" else "init"


def _state(status: Json) -> tuple[str, Json]:
    for name, word in (("running", "running"), ("waiting", "waiting"), ("terminated", "ended")):
        if isinstance(status.get("state"), Mapping) and name in status["state"]:
            return word, part(status, "state", name)
    return "unknown", EMPTY


def _ending(status: Json, said: Said) -> Ending | None:
    told = part(status, "lastState", "terminated") or part(status, "state", "terminated")
    if not told:
        return None
    code = told.get("exitCode")
    return Ending(
        text(told, "reason"), code if isinstance(code, int) else None, said(text(told, "message")), text(told, "finishedAt")
    )


def _measure(spec: Json, name: str, used: float | None) -> Measure:
    asked = part(spec, "resources", "requests").get(name)
    most = part(spec, "resources", "limits").get(name)
    return Measure(used, amount(asked if asked is not None else ""), amount(most if most is not None else ""))


def _sum(values: Iterable[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return sum(told) if told else None
