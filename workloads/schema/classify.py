"""Which rule knows which operation, and what several findings about one operation amount to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workloads.schema import columns, indexes, statements, tables
from workloads.schema.operation import Classified, Kind, Operation, Point, Situation

Rule = Callable[[Operation, Situation], list[Point]]
# Names of Django's operations; a subclass is known by its nearest base. Order matters only where both are bases.
RULES: dict[str, Rule] = {
    "CreateModel": tables.create,
    "DeleteModel": tables.delete,
    "RenameModel": tables.rename,
    "AlterModelTable": tables.rename,
    "AlterModelOptions": tables.nothing,
    "AlterModelManagers": tables.nothing,
    "AlterModelTableComment": tables.nothing,
    "AlterUniqueTogether": indexes.alter_together,
    "AlterIndexTogether": indexes.alter_together,
    "AlterOrderWithRespectTo": columns.alter_order,
    "AddField": columns.add,
    "RemoveField": columns.remove,
    "AlterField": columns.alter,
    "RenameField": columns.rename,
    "AddIndexConcurrently": indexes.concurrently,
    "RemoveIndexConcurrently": indexes.concurrently,
    "AddIndex": indexes.add_index,
    "RemoveIndex": indexes.drop,
    "RenameIndex": indexes.drop,
    "AddConstraintNotValid": indexes.not_valid,
    "ValidateConstraint": indexes.validate,
    "AddConstraint": indexes.add_constraint,
    "RemoveConstraint": indexes.drop,
    "AlterConstraint": tables.nothing,
    "CreateExtension": tables.extension,
    "CollationOperation": tables.extension,
    "RunPython": statements.run_python,
    "RunSQL": statements.run_sql,
}


def classify(operation: Operation, situation: Situation | None = None) -> Classified:
    """What the operation does to the running release, and whether it can be undone. Source: FORMULAS.md, Migrations."""
    points = _points(operation, situation or Situation())
    kinds = tuple(kind for kind in Kind if any(point.kind is kind for point in points))
    said = [point.says for point in points if not point.warning]
    return Classified(
        app=operation.app,
        migration=operation.migration,
        operation=operation.operation,
        text=operation.text or operation.operation,
        kinds=tuple(kind for kind in kinds if kind is not Kind.SAFE_ONLINE) or (Kind.SAFE_ONLINE,),
        reason=" ".join(dict.fromkeys(said)) or statements.HARMLESS,
        warnings=tuple(dict.fromkeys(point.says for point in points if point.warning)),
        loses_data=any(point.loses_data for point in points),
        sql=_sql(operation),
    )


def classify_plan(operations: Sequence[Operation], situation: Situation | None = None) -> list[Classified]:
    """Each operation in its order; what the plan itself has made before is new, and nobody reads it."""
    situation = situation or Situation()
    found = []
    for operation in operations:
        found.append(classify(operation, situation))
        situation = _after(operation, situation)
    return found


def _points(operation: Operation, situation: Situation) -> list[Point]:
    if situation.database_empty:
        return [Point("The database is empty: nobody waits, and there is nothing to go back to.")]
    if operation.inner is not None:
        points = _inner_points(operation.inner, situation)
    elif not operation.managed:
        points = [Point("The model is not managed by Django, so its table stays as it is.")]
    else:
        points = _rule(operation)(operation, situation)
    if not operation.reversible:
        points.append(Point("It has no way back.", Kind.IRREVERSIBLE))
    return points


def _inner_points(inner: tuple[Operation, ...], situation: Situation) -> list[Point]:
    points = []
    for operation in inner:
        points += _points(operation, situation)
        situation = _after(operation, situation)
    return points or [Point("Changes only what Django believes of the database, not the database.")]


def _rule(operation: Operation) -> Rule:
    for name in (operation.operation, *operation.bases):
        if name in RULES:
            return RULES[name]
    return statements.unknown


def _after(operation: Operation, situation: Situation) -> Situation:
    """What the next operation of the same plan meets."""
    created, added = set(situation.created), set(situation.added)
    for inner in operation.inner or ():
        situation = _after(inner, situation)
        created |= situation.created
        added |= situation.added
    if operation.is_a("CreateModel") or operation.old_table in created:
        created.add(operation.table)
    if operation.field and operation.is_a("AddField"):
        added.add((operation.table, operation.field.column))
        created |= {operation.field.table} - {""}
    if operation.field and operation.old_field and (operation.table, operation.old_field.column) in added:
        added.add((operation.table, operation.field.column))
    return replace(situation, created=frozenset(created), added=frozenset(added))


def _sql(operation: Operation) -> tuple[str, ...]:
    inner = tuple(line for one in operation.inner or () for line in _sql(one))
    return operation.sql or operation.statements or inner
