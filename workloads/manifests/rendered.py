"""What a rendering comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """The objects of a release, by when they may be applied. Each list is in order.

    `foundation` moves nothing that runs. `migration` comes next, then `web` (the set's web workloads) with `preview`, the Service
    in front of it where it is not the live set. `service` is the stable Service: applying it gives the set the traffic. Then
    `background` (workers and the one beat: they belong to the live release only) and `around` (routes, scalers, budgets, monitors).
    `notes` are sentences for whoever approves.
    """

    foundation: tuple[Json, ...]
    migration: Json | None
    web: tuple[Json, ...]
    preview: Json | None
    service: Json | None
    background: tuple[Json, ...]
    around: tuple[Json, ...]
    config: str  # names of the objects the pods take their variables from; empty where there is none
    secret: str
    notes: tuple[str, ...] = ()
    host: str = ""  # the name that the application knows, under which it is asked
    https: bool = False  # it insists on HTTPS

    @property
    def objects(self) -> tuple[Json, ...]:
        """All of them, in the order in which they are applied."""
        single = [[item] if item is not None else [] for item in (self.migration, self.preview, self.service)]
        return (*self.foundation, *single[0], *self.web, *single[1], *single[2], *self.background, *self.around)

    @property
    def workloads(self) -> tuple[Json, ...]:
        """What makes pods that stay: web and background."""
        return (*self.web, *self.background)

    @property
    def secrets(self) -> tuple[Json, ...]:
        """The objects that hold secret values: never in Git, never shown."""
        return tuple(item for item in self.objects if item["kind"] == "Secret")

    @property
    def public(self) -> tuple[Json, ...]:
        """Everything that may be committed to a repository."""
        return tuple(item for item in self.objects if item["kind"] != "Secret")


def key(item: Json) -> tuple[str, str, str, str]:
    """What tells one object from another: API, kind, namespace, name."""
    metadata = item.get("metadata") or {}
    return str(item.get("apiVersion")), str(item.get("kind")), str(metadata.get("namespace", "")), str(metadata.get("name", ""))
