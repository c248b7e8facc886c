"""Services: which workloads they select, and how many of their pods take requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from workloads.topology.picture import Pod, Service
from workloads.topology.reading import Json, chosen, labels, named, ours
from workloads.unchecked import rows, table, word


def service(
    item: Json, slices: Sequence[Json], makers: Iterable[tuple[str, Json]], pods: Mapping[str, Pod], marks: Mapping[str, Json]
) -> Service:
    """A Service. `makers`: the labels of each workload's pods; `pods` and `marks` (their labels) by name."""
    selector = table(item, "spec", "selector")
    mine = [pods[name] for name, found in marks.items() if chosen(selector, found)]
    asked = [title for title, found in makers if chosen(selector, found)]
    led = tuple(dict.fromkeys([*asked, *(pod.workload for pod in mine if pod.workload)]))
    ready = _ready(slices, mine)
    return Service(
        name=named(item),
        kind=word(item, "spec", "type") or "ClusterIP",
        role=word(labels(item), "timonel.dev/service"),
        ours=ours(item),
        ports=tuple(_port(one) for one in rows(item, "spec", "ports")),
        workloads=led,
        ready=ready,
        total=max(len([pod for pod in mine if pod.state not in {"done", "leaving"}]), ready),
        state=_state(bool(selector), bool(led or mine), ready),
    )


def _state(selects: bool, leads: bool, ready: int) -> str:
    if ready:
        return "ready"
    if not selects:
        return "outside"
    return "empty" if leads else "broken"


def _ready(slices: Sequence[Json], mine: Sequence[Pod]) -> int:
    """By the cluster's own word where there is one."""
    if not slices:
        return sum(pod.ready for pod in mine)
    ends = [one for item in slices for one in rows(item, "endpoints")]
    return sum(table(one, "conditions").get("ready") is not False for one in ends)


def _port(one: Json) -> str:
    node = f":{one['nodePort']}" if one.get("nodePort") else ""
    return f"{word(one, 'port')}{node}/{word(one, 'protocol') or 'TCP'}"
