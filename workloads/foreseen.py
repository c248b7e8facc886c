"""What an effect would do to a world outside, as a look at that world found it: part of what is shown, hashed and approved.

It holds no time, no version and no value of a secret, so that the same world gives the same words again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FILE = "File"  # the kind of a difference in a repository


@dataclass(frozen=True, slots=True)
class Clash:
    """Fields that somebody else set and that would be taken over."""

    manager: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One object: `what` is create, change or remove; `diff` is unified, secrets masked; `digest` binds all of it."""

    kind: str
    name: str
    what: str
    diff: str = ""
    digest: str = ""
    clashes: tuple[Clash, ...] = ()

    @property
    def title(self) -> str:
        """What the object is called: Deployment/shop-web; a file by its path."""
        return self.name if self.kind == FILE else f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Removal:
    """One object that would be removed: only this one, by its uid. `asks`: a person must have wanted it."""

    kind: str
    name: str
    uid: str
    why: str
    asks: bool = True

    @property
    def title(self) -> str:
        """What the object is called."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Everything that would become otherwise, in the order of doing."""

    where: str
    strategy: str = ""
    set: str = ""
    steps: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    removals: tuple[Removal, ...] = ()
    same: int = 0
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values for an Action's facts, as JSON gives them back."""
        found: dict[str, Any] = _plain(asdict(self))
        return found

    @property
    def forced(self) -> frozenset[str]:
        """The objects whose fields would be taken over from somebody else."""
        return frozenset(found.title for found in self.differences if found.clashes)


def same_effect(one: Foreseen, other: Foreseen) -> bool:
    """Whether both do the same to the same objects, by their digests; what merely stands around it may differ."""
    return _effect(one) == _effect(other)


def _effect(found: Foreseen) -> tuple[object, ...]:
    changes = tuple((each.kind, each.name, each.what, each.digest, each.clashes) for each in found.differences)
    return found.where, changes, tuple((each.kind, each.name, each.uid) for each in found.removals)


def read(told: Mapping[str, Any]) -> Foreseen:
    """What `as_json` wrote."""
    differences = (
        Difference(**{**found, "clashes": tuple(Clash(one["manager"], tuple(one["fields"])) for one in found["clashes"])})
        for found in told.get("differences", [])
    )
    return Foreseen(
        where=str(told.get("where", "")),
        strategy=str(told.get("strategy", "")),
        set=str(told.get("set", "")),
        steps=tuple(told.get("steps", ())),
        differences=tuple(differences),
        removals=tuple(Removal(**found) for found in told.get("removals", [])),
        same=int(told.get("same", 0)),
        notes=tuple(told.get("notes", ())),
    )


def needs_a_person(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Why no policy may approve this by itself, in sentences: it removes something, or takes fields over from others."""
    found = read(told)
    removed = [removal.title for removal in found.removals if removal.asks]
    reasons = [f"It removes what the release has no more: {_listed(removed)}."] if removed else []
    forced = sorted(found.forced)
    return (*reasons, *([f"It takes fields over from others in {_listed(forced)}."] if forced else []))


def _listed(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value
