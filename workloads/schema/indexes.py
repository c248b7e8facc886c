"""Rules about indexes and constraints."""

from __future__ import annotations

from workloads.schema.operation import Kind, Operation, Point, Situation
from workloads.schema.tables import holds


def add_index(operation: Operation, situation: Situation) -> list[Point]:
    """An index built in the ordinary way holds up every write to its table."""
    if operation.table in situation.created:
        return [Point("The table is made by this same roll-out.")]
    says = f"Writes to {operation.table} wait while the index {operation.thing_name} is built; AddIndexConcurrently does not."
    return [Point(says + holds(operation), Kind.LOCKS)]


def concurrently(operation: Operation, situation: Situation) -> list[Point]:
    """PostgreSQL works beside the writers, but not inside a transaction."""
    points = [Point("Works beside readers and writers.")]
    if operation.atomic:
        says = "It will fail: an index cannot be changed concurrently inside a transaction. Set `atomic = False` in"
        points.append(Point(f"{says} {operation.app}.{operation.migration}.", warning=True))
    return points


def drop(operation: Operation, situation: Situation) -> list[Point]:
    """Dropping or renaming takes its lock for a moment only."""
    return [Point("Needs its lock for a moment only.")]


def not_valid(operation: Operation, situation: Situation) -> list[Point]:
    """Checked for new rows only; existing ones by ValidateConstraint later."""
    return [Point("Existing rows are not checked, so the lock is held for a moment only.")]


def validate(operation: Operation, situation: Situation) -> list[Point]:
    """Reads the whole table, lets others read and write."""
    return [Point("Reads the whole table while others read and write.")]


def add_constraint(operation: Operation, situation: Situation) -> list[Point]:
    """All rows are checked, or an index is built, under a lock."""
    if operation.table in situation.created:
        return [Point("The table is made by this same roll-out.")]
    is_check = operation.thing == "CheckConstraint"
    cure = (
        "AddConstraintNotValid and then ValidateConstraint do not."
        if is_check
        else "A unique index built concurrently first does not."
    )
    says = f"{operation.table} is locked while every row is checked for {operation.thing_name}; {cure}"
    return [Point(says + holds(operation), Kind.LOCKS), *refusals(operation, situation)]


def alter_together(operation: Operation, situation: Situation) -> list[Point]:
    """unique_together and index_together: what is added needs an index, what goes needs a moment."""
    added = set(operation.option_becomes) - set(operation.option_was)
    if not added or operation.table in situation.created:
        return [Point("Adds nothing to a table that is in use.")]
    what = "unique index" if operation.option == "unique_together" else "index"
    points = [Point(f"Writes to {operation.table} wait while the {what} over {', '.join(sorted(added))} is built.", Kind.LOCKS)]
    return points + (refusals(operation, situation) if what == "unique index" else [])


def refusals(operation: Operation, situation: Situation) -> list[Point]:
    """What a new constraint means for the release that does not know of it."""
    if not situation.reads_table(operation.table):
        return []
    return [
        Point(f"Until the switch, rows of {operation.table} that the running release writes against it are refused.", warning=True)
    ]
