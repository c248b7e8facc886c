"""The migrations that this source has and its database has not: each operation with what it does, as SQL where possible.

Reads only: what Django's own `migrate --plan` and `sqlmigrate` do, against the environment's database.
"""

import inspect
import os
from typing import Any, Dict, List, Optional

NEEDS = ("settings", "apps")
ROWS_COUNTED = 10001


def answer(options: Dict[str, Any]) -> Dict[str, Any]:
    """Pending operations in the order of execution, and what else the history of the database says.

    With `no_database` none is asked: it will be made, empty, when the release is rolled out.
    """
    from django.db import connection

    if not options.get("no_database"):
        point_sqlite_elsewhere(connection, options)
    executor = executor_for(None if options.get("no_database") else connection)
    loader = executor.loader
    plan = [migration for migration, backwards in executor.migration_plan(loader.graph.leaf_nodes()) if not backwards]
    applied = set(loader.applied_migrations)
    return {
        "vendor": connection.vendor,
        "database_empty": not applied,
        # Into an empty database everything is new: nobody waits for a lock, so the costly details are left out.
        "operations": pending_operations(executor, plan, connection) if applied else brief_operations(plan),
        "pending": [[migration.app_label, migration.name] for migration in plan],
        "conflicts": {app: sorted(names) for app, names in loader.detect_conflicts().items()},
        "unknown_applied": sorted(list(key) for key in applied if is_unknown(key, loader)),
        "unmade": unmade_migrations(loader),
    }


def executor_for(connection: Any) -> Any:
    """Django's own planner; without a connection it plans as if nothing were applied."""
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.loader import MigrationLoader

    if connection is not None:
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        return executor
    executor = MigrationExecutor.__new__(MigrationExecutor)
    executor.loader = MigrationLoader(None)
    return executor


def point_sqlite_elsewhere(connection: Any, options: Dict[str, Any]) -> None:
    """The database file of a release outlives it in another folder; where there is none at all, an empty one in memory."""
    if connection.vendor != "sqlite":
        return
    name = os.path.abspath(str(connection.settings_dict["NAME"]))
    for inside, outside in options.get("sqlite_files", {}).items():
        kept = outside + name[len(inside) :]
        if (name == inside or name.startswith(inside.rstrip(os.sep) + os.sep)) and os.path.exists(kept):
            name = kept
            break
    connection.settings_dict["NAME"] = name if os.path.exists(name) else ":memory:"


def is_unknown(key: Any, loader: Any) -> bool:
    """Whether the database has a migration that this source lacks, of an application that this source has."""
    replaced = {old for migration in loader.disk_migrations.values() for old in migration.replaces}
    return key[0] in loader.migrated_apps and key not in loader.disk_migrations and tuple(key) not in replaced


def brief_operations(plan: List[Any]) -> List[Dict[str, Any]]:
    """Each operation of the plan without what it does to tables."""
    return [
        dict(outline(operation, migration), index=index)
        for migration in plan
        for index, operation in enumerate(migration.operations)
    ]


def pending_operations(executor: Any, plan: List[Any], connection: Any) -> List[Dict[str, Any]]:
    """Each operation of the plan with the state before and after it."""
    found: List[Dict[str, Any]] = []
    state = executor._create_project_state(with_applied_migrations=True)
    for migration in plan:
        for index, operation in enumerate(migration.operations):
            before, state = state, state.clone()
            operation.state_forwards(migration.app_label, state)
            described = describe(operation, migration, before, state, connection)
            described["index"] = index
            found.append(described)
    return found


def describe(operation: Any, migration: Any, before: Any, after: Any, connection: Any) -> Dict[str, Any]:
    """One operation as JSON; operations inside it (SeparateDatabaseAndState) likewise."""
    app = migration.app_label
    found = outline(operation, migration)
    found["sql"] = collect_sql(operation, app, before, after, connection)
    found.update(describe_model(operation, app, before, after, connection))
    inner = getattr(operation, "database_operations", None)
    if inner is not None:
        found["inner"] = describe_inner(inner, migration, before, connection)
    return found


def outline(operation: Any, migration: Any) -> Dict[str, Any]:
    """What an operation is, without the state of any model."""
    found: Dict[str, Any] = {
        "app": migration.app_label,
        "migration": migration.name,
        "operation": type(operation).__name__,
        "bases": [base.__name__ for base in type(operation).__mro__],
        "text": str(operation.describe()),
        "atomic": bool(migration.atomic),
        "reversible": bool(operation.reversible),
    }
    found.update(describe_code(operation))
    return found


def describe_inner(operations: List[Any], migration: Any, before: Any, connection: Any) -> List[Dict[str, Any]]:
    """The database half of SeparateDatabaseAndState."""
    found = []
    for operation in operations:
        after = before.clone()
        operation.state_forwards(migration.app_label, after)
        found.append(describe(operation, migration, before, after, connection))
        before = after
    return found


def collect_sql(operation: Any, app: str, before: Any, after: Any, connection: Any) -> Optional[List[str]]:
    """The statements, or None where they cannot be known without executing (code, or a table that is not there yet)."""
    if not operation.reduces_to_sql or hasattr(operation, "database_operations"):
        return None
    editor = connection.schema_editor(collect_sql=True, atomic=False)
    editor.deferred_sql = []  # what entering the editor would set up, without touching the database
    try:
        operation.database_forwards(app, editor, before, after)
        return [str(statement) for statement in editor.collected_sql + editor.deferred_sql]
    except Exception:
        return None


def describe_model(operation: Any, app: str, before: Any, after: Any, connection: Any) -> Dict[str, Any]:
    """The model and field that the operation is about, as they were and as they will be."""
    name = getattr(operation, "model_name", None) or getattr(operation, "name", "")
    old_name = getattr(operation, "old_name", None)
    new_name = getattr(operation, "new_name", None)
    renames_model = "RenameModel" in {base.__name__ for base in type(operation).__mro__}
    was = model_of(before, app, old_name if renames_model else name)
    becomes = model_of(after, app, new_name if renames_model else name)
    found: Dict[str, Any] = {"model": str(name or old_name or ""), "old_name": old_name, "new_name": new_name}
    known = was or becomes
    found["managed"] = bool(known._meta.managed and not known._meta.proxy) if known else True
    found["old_table"] = was._meta.db_table if was else ""
    found["table"] = becomes._meta.db_table if becomes else found["old_table"]
    found["rows"] = count_rows(connection, found["old_table"]) if was else None
    if hasattr(operation, "model_name") or renames_model:
        field = getattr(operation, "name", "")
        found["old_field"] = describe_field(was, old_name or field, connection)
        found["field"] = describe_field(becomes, new_name or field, connection)
    found.update(describe_index(operation))
    option = getattr(operation, "option_name", "")
    if option and hasattr(operation, option):
        found["option"] = option
        found["option_was"] = listed(getattr(was._meta, option, None) if was else None)
        found["option_becomes"] = listed(getattr(operation, option))
    return found


def listed(value: Any) -> List[str]:
    """An option of a model as a list of texts: unique_together is a set of tuples, order_with_respect_to one name."""
    return sorted(str(part) for part in value) if isinstance(value, (list, tuple, set)) else [str(value)] if value else []


def model_of(state: Any, app: str, name: Any) -> Any:
    """The model in that state, or None."""
    try:
        return state.apps.get_model(app, str(name)) if name else None
    except (LookupError, ValueError):
        return None


def describe_field(model: Any, name: str, connection: Any) -> Optional[Dict[str, Any]]:
    """What a column is."""
    field = next((field for field in model._meta.get_fields() if field.name == name), None) if model else None
    if field is None or not hasattr(field, "column"):
        return None
    from django.db.models import NOT_PROVIDED

    remote = getattr(field, "remote_field", None)
    return {
        "name": field.name,
        "kind": type(field).__name__,
        "column": field.column or "",
        "type": str(field.db_type(connection) or ""),
        "null": bool(field.null),
        "default": bool(field.has_default()),
        "db_default": getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED,
        "unique": bool(field.unique),
        "indexed": bool(field.db_index),
        "primary_key": bool(field.primary_key),
        "many_to_many": bool(field.many_to_many),
        "generated": bool(getattr(field, "generated", False)),
        "references": str(remote.model._meta.db_table) if remote and field.column and field.is_relation else "",
        "constrained": bool(getattr(field, "db_constraint", True)) if remote else False,
        "table": field.m2m_db_table() if field.many_to_many else "",
    }


def describe_index(operation: Any) -> Dict[str, Any]:
    """The name and kind of the index or constraint that is added."""
    thing = getattr(operation, "index", None) or getattr(operation, "constraint", None)
    return {"thing": type(thing).__name__, "thing_name": str(thing.name)} if thing is not None else {}


def describe_code(operation: Any) -> Dict[str, Any]:
    """What RunPython and RunSQL would run, and whether it can be undone."""
    if hasattr(operation, "code"):
        code = operation.code
        name = getattr(code, "__qualname__", type(code).__name__)
        return {"code": name, "doc": (inspect.getdoc(code) or "").split("\n")[0]}
    if hasattr(operation, "reverse_sql"):
        return {"statements": statements_of(operation.sql)}
    return {}


def statements_of(sql: Any) -> List[str]:
    """The statements of RunSQL, which takes a text, or a list of texts and of (text, parameters)."""
    if isinstance(sql, (list, tuple)):
        return [str(part[0] if isinstance(part, (list, tuple)) else part) for part in sql]
    return [str(sql)] if sql else []


def count_rows(connection: Any, table: str) -> Optional[int]:
    """How many rows the table holds, counted up to ROWS_COUNTED; None where it is not there yet."""
    query = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM %s LIMIT %d) AS counted"
    try:
        with connection.cursor() as cursor:
            cursor.execute(query % (connection.ops.quote_name(table), ROWS_COUNTED))
            return int(cursor.fetchone()[0])
    except Exception:
        return None


def unmade_migrations(loader: Any) -> Dict[str, List[str]]:
    """Changes of models that no migration holds yet, by application."""
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
    from django.db.migrations.state import ProjectState

    detector = MigrationAutodetector(
        loader.project_state(), ProjectState.from_apps(apps), NonInteractiveMigrationQuestioner(dry_run=True)
    )
    try:
        changes = detector.changes(graph=loader.graph)
    except BaseException:  # a questioner that cannot answer exits
        return {}
    return {
        app: [str(operation.describe()) for migration in migrations for operation in migration.operations]
        for app, migrations in changes.items()
        if "site-packages" not in apps.get_app_config(app).path
    }
