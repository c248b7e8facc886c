"""Which fields are otherwise than applied because an approved repair made them so: that is no drift while they stay so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workloads import formers
from workloads.adapters.kubernetes.kinds import Json
from workloads.drivers.kubernetes import drifting
from workloads.drivers.kubernetes.drifting import Field, Path


@dataclass(frozen=True, slots=True)
class Repaired:
    """What one Change wrote to one object: paths with a digest of each value."""

    change: int
    fields: tuple[tuple[Path, str], ...]

    def explains(self, live: Json, field: Field) -> bool:
        """Whether it wrote this field (or what holds it, or a part of it), and what it wrote still stands."""
        return any(
            path[: len(field.path)] == field.path[: len(path)] and drifting.digest(drifting.at(live, path)) == digest
            for path, digest in self.fields
        )


def of(environment_id: int) -> dict[str, list[Repaired]]:
    """By object: Deployment/shop-web."""
    found: dict[str, list[Repaired]] = {}
    for former in formers.standing(environment_id):
        ref = former.action.parameters["repair"]["ref"]
        fields = tuple((tuple(map(str, path)), str(digest)) for path, digest in former.written)
        found.setdefault(f"{ref['kind']}/{ref['name']}", []).append(Repaired(former.action.change_id, fields))
    return found


def explained(live: Json, fields: Iterable[Field], repaired: Sequence[Repaired]) -> list[tuple[Field, int]]:
    """The fields that an approved repair made what they are, each with its Change."""
    found = ((field, next((one.change for one in repaired if one.explains(live, field)), 0)) for field in fields)
    return [(field, change) for field, change in found if change]
