"""What a release is made of on a cluster: its objects by when they are applied, as they are kept for their return."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.crypto import salted_hmac

from workloads.adapters.kubernetes.kinds import Json
from workloads.previews import canonical

SET = "timonel.dev/set"
ENVIRONMENT = "timonel.dev/environment"
RELEASE = "timonel.dev/release"
FENCE = "timonel.dev/fence"
APPLIED = "timonel.dev/applied"
REPAIRED = "timonel.dev/repaired"  # environment, fence, change and step of the last repair
OURS = (FENCE, APPLIED, REPAIRED)  # annotations that the driver keeps, which no renderer makes
REPLICATED = ("Deployment", "StatefulSet", "ReplicaSet")


@dataclass(frozen=True, slots=True)
class Parts:
    """`foundation` moves nothing that runs; then the migration, the web workloads with their preview Service, the stable Service
    (applying it gives them the traffic), background workloads (they belong to the live release only), and what is around."""

    set: str = ""
    strategy: str = "rolling"
    foundation: tuple[Json, ...] = ()
    migration: Json | None = None
    web: tuple[Json, ...] = ()
    preview: Json | None = None
    service: Json | None = None
    background: tuple[Json, ...] = ()
    around: tuple[Json, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def workloads(self) -> tuple[Json, ...]:
        """What makes pods that stay."""
        return (*self.web, *self.background)

    @property
    def objects(self) -> tuple[Json, ...]:
        """All of them in the order of doing."""
        migration, preview, service = ((item,) if item else () for item in (self.migration, self.preview, self.service))
        return (*self.foundation, *migration, *self.web, *preview, *service, *self.background, *self.around)

    @property
    def lasting(self) -> tuple[Json, ...]:
        """Without the migration, which never returns."""
        return replace(self, migration=None).objects

    def as_json(self) -> dict[str, Any]:
        """Plain values, secrets among them: for a sealed field only."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}


def read(told: Mapping[str, Any] | None) -> Parts:
    """What `as_json` wrote."""
    found: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in (told or {}).items()}
    return Parts(**found)


def title(item: Mapping[str, Any]) -> str:
    """What the object is called: Deployment/shop-web."""
    return f"{item['kind']}/{item['metadata']['name']}"


def titles(items: Iterable[Mapping[str, Any]]) -> set[str]:
    """What the objects are called."""
    return {title(item) for item in items}


def replicas_of(item: Mapping[str, Any]) -> int | None:
    """How many replicas the object asks for; None where it leaves that to somebody else (a scaler)."""
    found = item.get("spec", {}).get("replicas")
    return None if found is None else int(found)


def scaled(item: Json, replicas: int) -> Json:
    """The same workload with so many replicas."""
    other = copy.deepcopy(item)
    other["spec"]["replicas"] = replicas
    return other


def template_labels(item: Mapping[str, Any]) -> dict[str, str]:
    """The labels of the pods that this version of a workload makes."""
    labels = item["spec"]["template"].get("metadata", {}).get("labels") or {}
    return {str(name): str(value) for name, value in labels.items()}


def selector(labels: Mapping[str, str]) -> str:
    """Labels as a list's question."""
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def unpinned(service: Json) -> Json:
    """The stable Service in front of all sets."""
    other = copy.deepcopy(service)
    other["spec"]["selector"].pop(SET, None)
    return other


def pinned(service: Json, name: str) -> Json:
    """The stable Service in front of one set."""
    other = copy.deepcopy(service)
    other["spec"]["selector"][SET] = name
    return other


def mark(key: str, content: Any) -> str:
    """A keyed digest: tells that this was applied by this step, and gives nothing away about it."""
    return salted_hmac("workloads.drivers.kubernetes", f"{key} {canonical(content)}", algorithm="sha256").hexdigest()[:20]


def secret_values(item: Mapping[str, Any]) -> list[str]:
    """The plain values that a Secret holds."""
    if item.get("kind") != "Secret":
        return []
    coded = [base64.b64decode(value).decode("utf-8", "replace") for value in (item.get("data") or {}).values()]
    return [*coded, *map(str, (item.get("stringData") or {}).values())]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
