"""What a repair is: one write to one object, with the parameters of its kind; and what its check answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workloads.unchecked import word

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ref:
    """One Kubernetes object. `namespace` is empty for what belongs to none: Node, PersistentVolume, Namespace."""

    kind: str
    name: str
    namespace: str = ""

    @property
    def title(self) -> str:
        """As a person writes it: Deployment/web."""
        return f"{self.kind}/{self.name}"

    def of(self, obj: Mapping[str, Any]) -> bool:
        """Whether an object is the one meant."""
        same = (word(obj, "kind"), word(obj, "metadata", "name")) == (self.kind, self.name)
        return same and word(obj, "metadata", "namespace") == self.namespace


@dataclass(frozen=True, slots=True)
class Repair:
    """One write. `fault` and `object` name the hypothesis it answers; they are empty where a person asked for it."""

    kind: str
    ref: Ref
    parameters: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    fault: str = ""
    object: str = ""

    def as_json(self) -> Json:
        """Plain values, as `read` takes them."""
        ref = {"kind": self.ref.kind, "name": self.ref.name, "namespace": self.ref.namespace}
        told = {"summary": self.summary, "fault": self.fault, "object": self.object}
        return {"kind": self.kind, "ref": ref, "parameters": dict(self.parameters), **told}


@dataclass(frozen=True, slots=True)
class Held:
    """Whether an invariant holds: `None` where the objects do not tell (yet), and why in words."""

    holds: bool | None
    why: str
