"""Which kinds of objects a cluster has, by its own word: custom resources too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from workloads.adapters.kubernetes.failures import ApiFailure
from workloads.adapters.kubernetes.kinds import Json, Kind

Ask = Callable[..., Json]


def of(ask: Ask, api: str) -> Iterator[Kind]:
    """The kinds of one group version ("cert-manager.io/v1"). Raises Absent where there is none."""
    yield from _listed(ask("GET", f"/apis/{api}" if "/" in api else f"/api/{api}"), api)


def every(ask: Ask) -> Iterator[Kind]:
    """The kinds of all groups, in the version each prefers; a group that does not answer (a dead extension) is left out."""
    yield from of(ask, "v1")
    for group in ask("GET", "/apis").get("groups") or []:
        versions = group.get("versions") or []
        preferred = group.get("preferredVersion") or (versions[0] if versions else {})
        try:
            yield from of(ask, str(preferred.get("groupVersion", "")))
        except ApiFailure:
            continue


def _listed(answer: Json, api: str) -> Iterator[Kind]:
    for resource in answer.get("resources") or []:
        name: Any = resource.get("name", "")
        if "/" not in name and "list" in (resource.get("verbs") or []):
            yield Kind(api, str(resource.get("kind", "")), str(name), namespaced=bool(resource.get("namespaced")))
