"""Offers for resources: requests that a node can hold, limits under which the program lives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.measuring import points, quantile
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.pods import Container
from workloads.diagnosis.view.workloads import Workload
from workloads.quantities import quantity
from workloads.repairs.amounts import rounded_down, rounded_up
from workloads.repairs.offering import finding
from workloads.repairs.offering.former import sources
from workloads.repairs.offering.room import most_allocatable, most_free, share
from workloads.repairs.offering.scheduling import waiting
from workloads.repairs.templates import container_of
from workloads.repairs.values import Repair
from workloads.unchecked import table, word

HEADROOM = 1.3  # of the highest use that was measured
AT_ONCE = 30.0  # seconds: what is killed so soon after its start lacks much
_MEMORY = ("container_memory_working_set_bytes", "container_memory_usage_bytes", "container_memory_rss")


def lowered(resource: str) -> Any:
    """An offer of a request that fits: as declared or before; as much as was used; else what is free on the emptiest node."""

    def offer(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
        found = finding.lasting(view, hypothesis)
        pod = waiting(found) if found else None
        if found is None or pod is None:
            return
        room = most_free(view, pod, resource)
        container = max(found.containers, key=lambda each: _line(each, "requests", resource), default=None)
        if container is None or not room:
            return
        others = found.request(resource) - _line(container, "requests", resource)
        was = word(container.spec, "resources", "requests", resource)
        for to, told in _requests(view, found, container, resource, room - others):
            if 0 < quantity(to) < quantity(was) and quantity(to) <= room - others:
                lines = [{"part": "requests", "resource": resource, "was": was, "to": to}]
                yield _set(found, container.name, lines, told, hypothesis)

    return offer


def _requests(view: View, workload: Workload, container: Container, resource: str, room: float) -> Iterator[tuple[str, str]]:
    for source in sources(view, workload):
        if to := word(container_of(source.spec, container.name), "resources", "requests", resource):
            yield to, source.told
    used = peak(view, workload, container.name) if resource == "memory" else 0.0
    if used and used * HEADROOM <= room:
        yield rounded_up(used * HEADROOM, resource), f"it used {rounded_up(used, resource)} at most"
    yield rounded_down(room * share(view), resource), f"a node has {rounded_down(room, resource)} free, none has more"


def _line(container: Container, part: str, resource: str) -> float:
    return quantity(word(container.spec, "resources", part, resource))


def memory(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """A memory limit under which it lived before, or that holds its highest use, or that is usual here; else twice what it has."""
    found = finding.lasting(view, hypothesis)
    for container in _killed(found) if found else ():
        assert found is not None
        was = word(container.spec, "resources", "limits", "memory")
        most = most_allocatable(view, "memory")
        for to, told in _limits(view, found, container, was):
            if quantity(to) > quantity(was) and (not most or quantity(to) <= most):
                lines = [{"part": "limits", "resource": "memory", "was": was, "to": to}]
                yield _set(found, container.name, lines, told, hypothesis)


def _limits(view: View, workload: Workload, container: Container, was: str) -> Iterator[tuple[str, str]]:
    for source in sources(view, workload):
        if to := word(container_of(source.spec, container.name), "resources", "limits", "memory"):
            yield to, source.told
    used = peak(view, workload, container.name)
    if used > 1.02 * quantity(was):
        yield rounded_up(used * HEADROOM, "memory"), f"it used {rounded_up(used, 'memory')} at most"
    usual = _usual(view, workload)
    if 4 * quantity(was) < usual:
        yield rounded_up(usual, "memory"), f"half of the containers here have at least {rounded_up(usual, 'memory')}"
    factor = 4 if _at_once(workload, container.name) else 2
    told = "it is killed as soon as it starts" if factor == 4 else "twice as much as it reached"
    yield rounded_up(quantity(was) * factor, "memory"), told


def _usual(view: View, workload: Workload) -> float:
    """The median of the memory limits of other containers that run in the namespace; 0 where there are fewer than three."""
    others = [each for each in view.workloads if each.namespace == workload.namespace and each.name != workload.name and each.ready]
    limits = [most for each in others for one in each.containers if (most := _line(one, "limits", "memory"))]
    return quantile(limits, 0.5) if len(limits) > 2 else 0.0


def _killed(workload: Workload) -> list[Container]:
    """The containers of the template that were killed for their memory: by reason or exit code; else the one with the least."""
    ended = {
        each.name: (word(each.ended, "reason"), word(each.ended, "exitCode"))
        for pod in workload.standing_pods
        for each in pod.containers
        if each.ended
    }
    limited = [each for each in workload.containers if _line(each, "limits", "memory")]
    for fitting in (
        [each for each in limited if ended.get(each.name, ("", ""))[0] == "OOMKilled"],
        [each for each in limited if ended.get(each.name, ("", ""))[1] == "137"],
    ):
        if fitting:
            return fitting
    return sorted(limited, key=lambda each: _line(each, "limits", "memory"))[:1]


def _at_once(workload: Workload, name: str) -> bool:
    lived = [
        seconds(word(each.ended, "finishedAt")) - seconds(word(each.ended, "startedAt"))
        for pod in workload.standing_pods
        for each in pod.containers
        if each.name == name and word(each.ended, "startedAt")
    ]
    return bool(lived) and max(lived) < AT_ONCE


def peak(view: View, workload: Workload, container: str) -> float:
    """The highest memory use that was measured of a container, in bytes; 0 where none was."""
    pods = {pod.name for pod in workload.pods}
    return max(_highest(view, pods, container), default=0.0)


def _highest(view: View, pods: set[str], container: str) -> Iterable[float]:
    for series in view.snapshot.metrics or ():
        told = table(series, "metric")
        mine = word(told, "pod") in pods and word(told, "container") in ("", container)
        if mine and word(told, "__name__") in _MEMORY:
            yield from (value for _, value in points(series))


def processor(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Twice the CPU limit, where a node has it; twice the pods."""
    found = finding.lasting(view, hypothesis)
    if found is None:
        return
    most = most_allocatable(view, "cpu")
    container = max(found.containers, key=lambda each: _line(each, "limits", "cpu"), default=None)
    was = word(container.spec, "resources", "limits", "cpu") if container else ""
    if container is not None and was:
        to = rounded_up(quantity(was) * 2, "cpu")
        if not most or quantity(to) <= most:
            lines = [{"part": "limits", "resource": "cpu", "was": was, "to": to}]
            yield _set(found, container.name, lines, "it uses all that it may", hypothesis)
    if finding.scalable(view, hypothesis) and found.kind == "Deployment" and found.desired and not found.claims():
        parameters = {"replicas": found.desired * 2, "was": found.desired}
        summary = f"Scale {found.name} to {found.desired * 2}, so that its load is shared (it is {found.desired})"
        yield Repair("scale", finding.ref(found), parameters, summary, hypothesis.fault, hypothesis.object)


def _set(workload: Workload, container: str, lines: list[dict[str, str]], told: str, hypothesis: Hypothesis) -> Repair:
    said = ", ".join(f"{line['part']} of {line['resource']} to {line['to']} (it is {line['was']})" for line in lines)
    return Repair(
        "set_resources",
        finding.ref(workload),
        {"container": container, "lines": lines},
        f"Set {said} for {container} of {workload.name}: {told}",
        hypothesis.fault,
        hypothesis.object,
    )
