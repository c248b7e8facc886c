"""The tables and columns that this release's code reads: its models, as they are now, not as migrations say."""

from typing import Any, Dict

NEEDS = ("settings", "apps")


def answer(options: Dict[str, Any]) -> Dict[str, Any]:
    """{"tables": {table: [columns]}}, with the tables between many-to-many fields."""
    from django.apps import apps

    tables: Dict[str, Any] = {}
    for model in apps.get_models(include_auto_created=True, include_swapped=True):
        columns = {field.column for field in model._meta.local_concrete_fields if field.column}
        tables.setdefault(model._meta.db_table, set()).update(columns)
    return {"tables": {table: sorted(columns) for table, columns in tables.items()}}
