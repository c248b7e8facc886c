"""What rolling out a release does to its database: the pending migrations, each with its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workloads.described import Inside, Unanswered, pending_migrations, tables_read
from workloads.schema import Classified, Kind, Situation, classify_plan


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The pending migrations and what they mean. `assumed`: the running release could not be asked what it reads."""

    vendor: str
    migrations: tuple[Classified, ...]
    pending: tuple[str, ...]
    first: bool  # into an empty database
    assumed: bool = False
    conflicts: dict[str, list[str]] = field(default_factory=dict)
    unknown_applied: tuple[str, ...] = ()
    unmade: dict[str, list[str]] = field(default_factory=dict)

    def of(self, kind: Kind) -> tuple[Classified, ...]:
        """The operations of that kind."""
        return tuple(one for one in self.migrations if kind in one.kinds)

    @property
    def breaks_old_code(self) -> bool:
        """Whether both versions cannot run at the same time, nor code alone go back."""
        return bool(self.of(Kind.BREAKS_OLD_CODE))


def upgrade(
    inside: Inside,
    *,
    live: Inside | None,
    running: bool,
    sqlite_files: Mapping[str, str] | None = None,
    no_database: bool = False,
) -> Upgrade:
    """Ask the release what it would migrate, and the running one what it reads; raises Unanswered for the first.

    Without an answer from the running release everything is taken as read: better one warning too many.
    """
    found = pending_migrations(inside, sqlite_files, no_database=no_database)
    reads = _reads(live) if live is not None and found.operations else None
    situation = Situation(vendor=found.vendor, running=running, database_empty=found.database_empty, reads=reads)
    return Upgrade(
        vendor=found.vendor,
        migrations=tuple(classify_plan(found.operations, situation)),
        pending=found.pending,
        first=found.database_empty,
        assumed=running and bool(found.operations) and reads is None,
        conflicts=found.conflicts,
        unknown_applied=found.unknown_applied,
        unmade=found.unmade,
    )


def _reads(live: Inside) -> dict[str, frozenset[str]] | None:
    try:
        return tables_read(live)
    except Unanswered:
        return None
