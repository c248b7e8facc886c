"""A canary's share by weights, where an HTTPRoute leads to the stable and to the preview Service."""

from __future__ import annotations

import copy
from typing import Any

from workloads.adapters.kubernetes.kinds import Json
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts

ALL = 100


def weighted(made: Parts) -> bool:
    """Whether a route divides the requests."""
    return any(item["kind"] == "HTTPRoute" for item in made.around) and made.preview is not None


def share(errand: Errand, made: Parts, weight: int | None) -> bool:
    """Give the preview Service so many percent of the requests (None: the stable one has all); whether routes do that here."""
    if not weighted(made):
        return False
    for item in made.around:
        if item["kind"] == "HTTPRoute":
            errand.pen.put(_with(item, made, weight), force=True)
    return True


def _with(route: Json, made: Parts, weight: int | None) -> Json:
    """The same route with these weights."""
    other = copy.deepcopy(route)
    stable, preview = _named(made.service), _named(made.preview)
    for rule in other["spec"].get("rules", []):
        kept = [ref for ref in rule.get("backendRefs", []) if ref.get("name") == stable]
        if not kept:
            continue
        first: dict[str, Any] = {**kept[0], "weight": ALL - (weight or 0)}
        second = {**kept[0], "name": preview, "weight": weight or 0}
        rule["backendRefs"] = [first] if weight is None else [first, second]
    return other


def _named(service: Json | None) -> str:
    return str(service["metadata"]["name"]) if service else ""
