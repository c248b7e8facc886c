"""One migration operation as it was described from inside, what it meets, and what was found of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self


class Kind(StrEnum):
    """What an operation means for whoever uses the database while it runs (FORMULAS.md, Migrations)."""

    SAFE_ONLINE = "safe_online"
    LOCKS = "locks"
    BREAKS_OLD_CODE = "breaks_old_code"
    IRREVERSIBLE = "irreversible"

    @property
    def label(self) -> str:
        """The words a person reads."""
        return {"safe_online": "safe online", "breaks_old_code": "breaks the old code"}.get(self.value, self.value)


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a model as the database sees it."""

    name: str
    kind: str = "CharField"
    column: str = ""
    type: str = ""
    null: bool = False
    default: bool = False  # Django fills it in; the database does not know of it
    db_default: bool = False
    unique: bool = False
    indexed: bool = False
    primary_key: bool = False
    many_to_many: bool = False
    generated: bool = False
    references: str = ""
    constrained: bool = False
    table: str = ""  # of a many-to-many field


@dataclass(frozen=True, slots=True)
class Operation:
    """What workloads/inside/plan_migrations.py tells of one operation. `sql` is None where it could not be known."""

    app: str
    migration: str
    operation: str
    index: int = 0
    bases: tuple[str, ...] = ()
    text: str = ""
    atomic: bool = True
    reversible: bool = True
    managed: bool = True
    sql: tuple[str, ...] | None = None
    model: str = ""
    old_table: str = ""
    table: str = ""
    rows: int | None = None
    old_name: str | None = None
    new_name: str | None = None
    old_field: Column | None = None
    field: Column | None = None
    thing: str = ""
    thing_name: str = ""
    option: str = ""
    option_was: tuple[str, ...] = ()
    option_becomes: tuple[str, ...] = ()
    code: str = ""
    doc: str = ""
    statements: tuple[str, ...] = ()
    inner: tuple[Operation, ...] | None = None

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The operation of that JSON; what is not known here is ignored."""
        known = {item.name for item in fields(cls)}
        values: dict[str, Any] = {name: value for name, value in told.items() if name in known}
        for name in ("bases", "sql", "option_was", "option_becomes", "statements"):
            if values.get(name) is not None:
                values[name] = tuple(values[name])
        for name in ("field", "old_field"):
            values[name] = Column(**values[name]) if values.get(name) else None
        if values.get("inner") is not None:
            values["inner"] = tuple(cls.from_json(one) for one in values["inner"])
        return cls(**values)

    def is_a(self, name: str) -> bool:
        """Whether it is that operation of Django or one made from it."""
        return name == self.operation or name in self.bases


@dataclass(frozen=True, slots=True)
class Situation:
    """What an operation meets. `reads` is what the running release's models read; None: unknown, so everything."""

    vendor: str = "postgresql"
    running: bool = True
    database_empty: bool = False
    reads: Mapping[str, frozenset[str]] | None = None
    created: frozenset[str] = frozenset()  # tables that this same plan makes
    added: frozenset[tuple[str, str]] = frozenset()  # columns that this same plan adds

    def reads_table(self, table: str) -> bool:
        """Whether the running release reads that table."""
        if not self.running or table in self.created:
            return False
        return self.reads is None or table in self.reads

    def reads_column(self, table: str, column: str) -> bool:
        """Whether the running release reads that column."""
        if not self.reads_table(table) or (table, column) in self.added:
            return False
        return self.reads is None or column in self.reads[table]


@dataclass(frozen=True, slots=True)
class Point:
    """One thing a rule found: a kind with its sentence, or (no kind) only the sentence, or a warning beside it."""

    says: str
    kind: Kind | None = None
    warning: bool = False
    loses_data: bool = False


@dataclass(frozen=True, slots=True)
class Classified:
    """An operation with its kinds, why in plain words, and what else to know before approving it."""

    app: str
    migration: str
    operation: str
    text: str
    kinds: tuple[Kind, ...]
    reason: str
    warnings: tuple[str, ...] = ()
    loses_data: bool = False
    sql: tuple[str, ...] = field(default=())

    @property
    def safe(self) -> bool:
        """Whether it may run beside the running release without anybody noticing."""
        return self.kinds == (Kind.SAFE_ONLINE,)

    def as_json(self) -> dict[str, Any]:
        """A plain dictionary for a preview or a JSON column."""
        return asdict(self) | {"kinds": [kind.value for kind in self.kinds], "warnings": list(self.warnings), "sql": list(self.sql)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What as_json made."""
        values = dict(told)
        values["kinds"] = tuple(Kind(kind) for kind in told["kinds"])
        values["warnings"], values["sql"] = tuple(told.get("warnings", ())), tuple(told.get("sql", ()))
        return cls(**values)
