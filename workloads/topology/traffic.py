"""Who gets the requests: by the weights of a route, and behind a service by the ready pods of each version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workloads.topology.picture import Pod, Route, Service, Share
from workloads.topology.reading import Json, chosen
from workloads.unchecked import table

Version = tuple[str, str]  # release, set


def shares(
    routes: Sequence[Route],
    services: Sequence[Service],
    raw: Mapping[str, Json],
    pods: Mapping[str, Pod],
    marks: Mapping[str, Json],
) -> tuple[Share, ...]:
    """Each version's part in percent, the largest first; nothing where no pod is ready."""
    split = {one.name: _behind(table(raw.get(one.name), "spec", "selector"), pods, marks) for one in services}
    found: dict[Version, float] = {}
    for name, weight in _entry(routes, services):
        for version, percent in split.get(name, {}).items():
            found[version] = found.get(version, 0.0) + percent * weight
    return tuple(
        Share(*version, percent) for version, percent in sorted(found.items(), key=lambda one: (-one[1], one[0])) if percent > 0
    )


def _entry(routes: Sequence[Route], services: Sequence[Service]) -> list[tuple[str, float]]:
    """The services that requests from outside come to, with their weights."""
    for route in routes:
        for rule in route.rules:
            leads = any(not one.broken for one in rule.backends)
            if leads and (route.ours or not any(one.ours for one in routes)):
                return [(one.service, 1.0 if one.percent is None else one.percent / 100) for one in rule.backends]
    stable = [one for one in services if one.role == "stable"] or [one for one in services if one.role != "preview" and one.total]
    return [(one.name, 1.0) for one in stable[:1]]


def _behind(selector: Json, pods: Mapping[str, Pod], marks: Mapping[str, Json]) -> dict[Version, float]:
    ready = [pods[name] for name, found in marks.items() if pods[name].ready and chosen(selector, found)]
    found: dict[Version, float] = {}
    for pod in ready:
        version = pod.release, pod.set
        found[version] = found.get(version, 0.0) + 100 / len(ready)
    return found
