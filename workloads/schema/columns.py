"""Rules about columns: what is added, altered, renamed, removed."""

from __future__ import annotations

import re

from workloads.schema.indexes import refusals
from workloads.schema.operation import Column, Kind, Operation, Point, Situation
from workloads.schema.tables import holds
from workloads.schema.types import compatible, widens

VOLATILE = re.compile(r"DEFAULT\b.*\b(random|gen_random_uuid|uuid_generate|clock_timestamp|nextval|timeofday)", re.I | re.S)


def add(operation: Operation, situation: Situation) -> list[Point]:
    """A new column: what it costs the table, and what it costs the release that does not know of it."""
    field = operation.field
    if field is None or field.many_to_many:
        return [Point("Makes a table that nobody reads yet.")]
    if operation.table in situation.created:
        return [Point("The table is made by this same roll-out.")]
    points = [*_required(operation, field, situation), *_costs_of_new(operation, field, situation)]
    return points or [Point("A column that the running release does not know and need not fill.")]


def remove(operation: Operation, situation: Situation) -> list[Point]:
    """A column goes, with what it holds (or the table of a many-to-many field)."""
    field = operation.old_field
    table = operation.old_table or operation.table
    if field is not None and field.many_to_many:
        read, what = situation.reads_table(field.table), f"the table {field.table}"
    else:
        column = field.column if field else operation.text
        read, what = situation.reads_column(table, column), f"the column {table}.{column}"
        if table in situation.created or (table, column) in situation.added:
            return [Point("Removes a column that this same roll-out adds.")]
    if read:
        return [Point(f"The running release still reads {what}.", Kind.BREAKS_OLD_CODE, loses_data=True)]
    return [Point(f"Nothing that runs reads {what} any more; what it holds is lost.", loses_data=True)]


def rename(operation: Operation, situation: Situation) -> list[Point]:
    """A column gets another name, unless db_column keeps it."""
    old, new = operation.old_field, operation.field
    if old and new and not old.many_to_many and old.column == new.column:
        return [Point("The column keeps its name.")]
    was = old.column if old else str(operation.old_name)
    if old is not None and old.many_to_many:
        read, was = situation.reads_table(old.table) and old.table != (new.table if new else ""), old.table
    else:
        read = situation.reads_column(operation.table, was)
    if read:
        becomes = new.column if new else operation.new_name
        return [
            Point(f"The running release looks for {operation.table}.{was}, which will be called {becomes}.", Kind.BREAKS_OLD_CODE)
        ]
    return [Point(f"Nothing that runs reads {was}.")]


def alter(operation: Operation, situation: Situation) -> list[Point]:
    """A column changes: each property on its own."""
    old, new = operation.old_field, operation.field
    if operation.sql == () or old is None or new is None:
        return [Point("Does not change the database.")]
    if operation.table in situation.created:
        return [Point("The table is made by this same roll-out.")]
    points = [
        *_renamed(operation, old, new, situation),
        *_retyped(operation, old, new, situation),
        *_became_required(operation, old, new, situation),
        *_lost_default(operation, old, new, situation),
        *_newly_indexed(operation, old, new, situation),
    ]
    if situation.vendor == "sqlite" and not any(point.kind is Kind.LOCKS for point in points):
        points.append(
            Point(f"SQLite copies the whole table {operation.table}, and nobody writes meanwhile." + holds(operation), Kind.LOCKS)
        )
    return points or [Point("Needs its lock for a moment only.")]


def alter_order(operation: Operation, situation: Situation) -> list[Point]:
    """order_with_respect_to adds or removes the column `_order`."""
    if operation.option_becomes and not operation.option_was:
        says = f"{operation.table} gets the NOT NULL column _order without a default in the database."
        return [Point(says + holds(operation), Kind.LOCKS), *_inserts_fail(operation.table, "_order", situation)]
    if operation.option_was and not operation.option_becomes and situation.reads_column(operation.table, "_order"):
        return [Point(f"The running release still reads {operation.table}._order.", Kind.BREAKS_OLD_CODE, loses_data=True)]
    return [Point("Does not change a column that is read.")]


def _required(operation: Operation, field: Column, situation: Situation) -> list[Point]:
    if field.null or field.db_default or field.generated or field.primary_key:
        return []
    place = f"{operation.table}.{field.column}"
    says = f"{place} is NOT NULL without a default in the database (db_default): the table is locked while it is filled."
    return [Point(says + holds(operation), Kind.LOCKS), *_inserts_fail(operation.table, field.column, situation)]


def _inserts_fail(table: str, column: str, situation: Situation) -> list[Point]:
    if not situation.reads_table(table):
        return []
    says = f"Until the switch, every row that the running release inserts into {table} is refused: it does not fill {column}."
    return [Point(says, warning=True)]


def _costs_of_new(operation: Operation, field: Column, situation: Situation) -> list[Point]:
    points, table, column = [], operation.table, field.column
    sql = "\n".join(operation.sql or ())
    if field.generated or field.primary_key or (field.db_default and VOLATILE.search(sql)):
        points.append(Point(f"Every row of {table} is written anew to compute {column}." + holds(operation), Kind.LOCKS))
    if field.constrained and field.references:
        says = f"Adding the foreign key {column} locks {table} and {field.references}; NOT VALID and a later VALIDATE do not."
        points.append(Point(says + holds(operation), Kind.LOCKS))
    if field.unique or field.indexed:
        points.append(Point(f"Writes to {table} wait while the index on {column} is built." + holds(operation), Kind.LOCKS))
    if situation.vendor == "sqlite" and 'CREATE TABLE "new__' in sql:
        points.append(Point(f"SQLite copies the whole table {table}, and nobody writes meanwhile." + holds(operation), Kind.LOCKS))
    return points


def _renamed(operation: Operation, old: Column, new: Column, situation: Situation) -> list[Point]:
    if old.column == new.column or not situation.reads_column(operation.table, old.column):
        return []
    says = f"The running release looks for {operation.table}.{old.column}, which will be called {new.column}."
    return [Point(says, Kind.BREAKS_OLD_CODE)]


def _retyped(operation: Operation, old: Column, new: Column, situation: Situation) -> list[Point]:
    if old.type == new.type:
        return []
    change, place = f"from {old.type} to {new.type}", f"{operation.table}.{old.column}"
    if widens(old.type, new.type) and situation.vendor != "sqlite":
        return [Point(f"{place} only grows, {change}: no row is touched.")]
    points = [Point(f"{operation.table} is locked while {old.column} changes {change}." + holds(operation), Kind.LOCKS)]
    if not compatible(old.type, new.type) and situation.reads_column(operation.table, old.column):
        points.append(Point(f"The running release writes {old.type} to {place}, and reads it back.", Kind.BREAKS_OLD_CODE))
    return points


def _became_required(operation: Operation, old: Column, new: Column, situation: Situation) -> list[Point]:
    if not old.null or new.null:
        return []
    points = [
        Point(f"{operation.table} is locked while every row is checked for NULL in {new.column}." + holds(operation), Kind.LOCKS)
    ]
    if not situation.reads_table(operation.table) or new.db_default:
        return points
    says = f"Until the switch, rows that the running release writes into {operation.table} without {new.column} are refused."
    return [*points, Point(says, warning=True)]


def _lost_default(operation: Operation, old: Column, new: Column, situation: Situation) -> list[Point]:
    if not old.db_default or new.db_default or new.null:
        return []
    return _inserts_fail(operation.table, new.column, situation)


def _newly_indexed(operation: Operation, old: Column, new: Column, situation: Situation) -> list[Point]:
    points, table, column = [], operation.table, new.column
    if new.unique and not old.unique:
        says = f"{table} is locked while a unique index on {column} is built."
        points += [Point(says + holds(operation), Kind.LOCKS), *refusals(operation, situation)]
    elif new.indexed and not old.indexed and not new.unique:
        points.append(Point(f"Writes to {table} wait while the index on {column} is built." + holds(operation), Kind.LOCKS))
    if new.constrained and new.references and (not old.constrained or old.references != new.references):
        says = f"Adding the foreign key {column} locks {table} and {new.references} while every row is checked."
        points.append(Point(says + holds(operation), Kind.LOCKS))
    return points
