"""A rule, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Mapping[str, Any]
Severity = Literal["low", "medium", "high", "critical"]
TEMPLATED = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"})
RUNS_ONCE = frozenset({"Job", "CronJob"})


@dataclass(frozen=True, slots=True)
class Subject:
    """One object among others: those that it refers to, and that refer to it, are looked for there."""

    item: Json
    others: Sequence[Json] = field(default=())

    @property
    def kind(self) -> str:
        """The object's kind."""
        return str(self.item.get("kind", ""))

    @property
    def spec(self) -> Json:
        """The object's spec; empty where it has none."""
        return mapping(self.item.get("spec"))

    @property
    def name(self) -> str:
        """The object's name."""
        return str(mapping(self.item.get("metadata")).get("name", ""))

    @property
    def namespace(self) -> str:
        """The object's namespace."""
        return str(mapping(self.item.get("metadata")).get("namespace", ""))

    @property
    def annotations(self) -> Json:
        """The object's annotations."""
        return mapping(mapping(self.item.get("metadata")).get("annotations"))

    @property
    def template(self) -> Json:
        """The pod, or the template of pods; empty for objects without."""
        if self.kind == "Pod":
            return self.item
        if self.kind == "CronJob":
            return mapping(mapping(mapping(self.spec.get("jobTemplate")).get("spec")).get("template"))
        return mapping(self.spec.get("template")) if self.kind in TEMPLATED else {}

    @property
    def pod(self) -> Json:
        """The pod's spec."""
        return mapping(self.template.get("spec"))

    @property
    def labels(self) -> Json:
        """The pod's labels."""
        return mapping(mapping(self.template.get("metadata")).get("labels"))

    def containers(self, *, starting: bool = True) -> Iterator[Json]:
        """Every container; with `starting` those too that run before the others."""
        fields = ("initContainers", "ephemeralContainers", "containers") if starting else ("containers",)
        for name in fields:
            yield from (mapping(one) for one in listed(self.pod.get(name)))

    def beside(self, kind: str) -> Iterator[Json]:
        """Objects of a kind in the same namespace."""
        for other in self.others:
            space = str(mapping(other.get("metadata")).get("namespace", ""))
            if other.get("kind") == kind and space == self.namespace:
                yield other


Look = Callable[[Subject], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`ids` are the public rules it follows, "polaris/hostIPCSet"; the first is its name. `look` says each thing that is wrong."""

    ids: tuple[str, ...]
    severity: Severity
    cure: str
    look: Look


def rule(*ids: str, severity: Severity, cure: str) -> Callable[[Look], Rule]:
    """Makes a rule of a function."""
    return lambda look: Rule(ids, severity, cure, look)


def mapping(value: Any) -> Json:
    """The value where it is a map; an empty one for anything else: objects of others may be of any shape."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> Sequence[Any]:
    """The value where it is a list; an empty one for anything else."""
    return value if isinstance(value, list | tuple) else ()


def words(value: Any) -> set[str]:
    """The texts in a list."""
    return {item for item in listed(value) if isinstance(item, str)}


def number(value: Any) -> int:
    """The value where it is a whole number; 0 for anything else."""
    return value if isinstance(value, int) else 0


def told(container: Json) -> str:
    """A container by its name."""
    return f"container {container.get('name', '(without a name)')}"


def security(container: Json) -> Json:
    """A container's security context."""
    return mapping(container.get("securityContext"))


def selects(selector: Any, labels: Json) -> bool:
    """Whether a map of labels is among these; an empty one selects everything."""
    return all(labels.get(name) == value for name, value in mapping(selector).items())
