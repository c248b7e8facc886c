"""The variables of an environment: who gives each, where the code reads it, and where else it is set. Never a value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry
from controlplane.dashboard import sight
from workloads import configuration
from workloads.models import Environment, Variable
from workloads.source.project import Project, Read, project_of

State = Literal["missing", "set", "elsewhere", "provided"]
MOST_ENTRIES = 200  # of the audit; who set a variable before those is not told


@dataclass(frozen=True, slots=True)
class Row:
    """One variable. `elsewhere` are other environments where it is set, `not_in` those where it is not."""

    name: str
    state: State
    secret: bool = False
    because: str = ""
    read_at: str = ""
    setting: str = ""
    set_by: str = ""
    set_at: datetime | None = None
    elsewhere: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variables:
    """All of them: what is missing first, then what people set, what they set only elsewhere, and what Timonel provides."""

    rows: tuple[Row, ...]
    provided: tuple[Row, ...]

    @property
    def missing(self) -> int:
        """How many the code requires and nobody gives."""
        return sum(row.state == "missing" for row in self.rows)


def of(actor: Actor, environment: Environment) -> Variables:
    """The variables of this environment beside those of the application's others that the actor may see."""
    project = project_of(environment.application.understood or {})
    given = configuration.propose(environment, project)
    reads = {read.name: read for read in reversed(project.reads)}  # where several read it: the first
    people, others = _by_people(environment), _elsewhere(actor, environment)
    missing = [_missing(read, others) for read in _lacking(project, given)]
    own = [_own(row, reads.get(row.name), people.get(row.name, ""), others) for row in environment.variables.defer("value")]
    names = {row.name for row in (*missing, *own)}
    absent = [_absent(name, reads.get(name), others) for name in _set_in(others) if name not in names]
    provided = [
        Row(name, "provided", bool(entry.get("secret")), given.because.get(name, ""), *_place(reads.get(name)))
        for name, entry in sorted(given.items())
        if name not in names
    ]
    return Variables((*missing, *own, *absent), tuple(provided))


def _lacking(project: Project, given: Mapping[str, Mapping[str, object]]) -> list[Read]:
    """Each required variable that nothing gives, once."""
    return list({read.name: read for read in configuration.missing(project, given)}.values())


def _missing(read: Read, others: Mapping[str, frozenset[str]]) -> Row:
    return Row(read.name, "missing", read.secret, "", *_place(read), elsewhere=_having(read.name, others))


def _own(row: Variable, read: Read | None, person: str, others: Mapping[str, frozenset[str]]) -> Row:
    lacking = tuple(sorted(name for name, there in others.items() if row.name not in there))
    return Row(
        row.name, "set", row.secret, "", *_place(read),
        set_by=person, set_at=row.updated_at, elsewhere=_having(row.name, others), not_in=lacking,
    )  # fmt: skip


def _absent(name: str, read: Read | None, others: Mapping[str, frozenset[str]]) -> Row:
    return Row(name, "elsewhere", False, "", *_place(read), elsewhere=_having(name, others))


def _having(name: str, others: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    return tuple(sorted(place for place, there in others.items() if name in there))


def _set_in(others: Mapping[str, Iterable[str]]) -> list[str]:
    return sorted({name for there in others.values() for name in there})


def _place(read: Read | None) -> tuple[str, str]:
    return (f"{read.path}:{read.line}", read.setting) if read else ("", "")


def _elsewhere(actor: Actor, environment: Environment) -> dict[str, frozenset[str]]:
    """Other environments of the application -> the names set there."""
    places = sight.environments(actor).filter(application=environment.application_id).exclude(pk=environment.pk)
    by_id = dict(places.values_list("pk", "name"))
    found: dict[str, set[str]] = defaultdict(set)
    for place, name in Variable.objects.filter(environment__in=by_id).values_list("environment", "name"):
        found[by_id[place]].add(name)
    return {name: frozenset(found[name]) for name in by_id.values()}


def _by_people(environment: Environment) -> dict[str, str]:
    """Name -> who set it last, as the audit has it."""
    entries = AuditEntry.objects.filter(
        target_type=environment._meta.label_lower, target_id=str(environment.pk), action="environment.set_variables"
    )
    found: dict[str, str] = {}
    for label, after in entries.values_list("actor_label", "after")[:MOST_ENTRIES]:
        for name in (after or {}).get("set", ()):
            found.setdefault(name, label)
    return found
