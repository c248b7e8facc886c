"""Rules about whole tables."""

from __future__ import annotations

from workloads.schema.operation import Kind, Operation, Point, Situation


def create(operation: Operation, situation: Situation) -> list[Point]:
    """A new table is read by nobody yet."""
    return [Point("Makes a table that nobody reads yet.")]


def delete(operation: Operation, situation: Situation) -> list[Point]:
    """A table goes, with what it holds."""
    table = operation.old_table or operation.table
    if table in situation.created:
        return [Point("Removes a table that this same roll-out makes.")]
    if situation.reads_table(table):
        return [Point(f"The running release still reads the table {table}.", Kind.BREAKS_OLD_CODE, loses_data=True)]
    return [Point(f"Nothing that runs reads the table {table} any more; what it holds is lost.", loses_data=True)]


def rename(operation: Operation, situation: Situation) -> list[Point]:
    """A table gets another name, unless the model alone is renamed."""
    if operation.old_table == operation.table and not any("RENAME" in line for line in operation.sql or ()):
        return [Point("The table keeps its name.")]
    if situation.reads_table(operation.old_table):
        return [
            Point(f"The running release looks for the table {operation.old_table}, not {operation.table}.", Kind.BREAKS_OLD_CODE)
        ]
    return [Point(f"Nothing that runs reads the table {operation.old_table}.")]


def nothing(operation: Operation, situation: Situation) -> list[Point]:
    """Known to Django only."""
    return [Point("Does not change the database.")]


def extension(operation: Operation, situation: Situation) -> list[Point]:
    """An extension or a collation of PostgreSQL."""
    return [Point("Adds to the database, or removes, what no table holds.")]


def holds(operation: Operation) -> str:
    """How much is locked, in words."""
    if operation.rows is None:
        return ""
    if operation.rows == 0:
        return " It is empty now."
    return f" It holds {'more than 10,000' if operation.rows > 10_000 else operation.rows} rows."
