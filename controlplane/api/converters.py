"""What may stand in a path: anything else is no address of ours."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import IntConverter, StringConverter


class Number(IntConverter):
    """The number of a row, as large as the database holds."""

    regex = "[0-9]{1,18}"


class Name(StringConverter):
    """The name of an application or environment."""

    regex = "[a-z][a-z0-9-]{0,62}"


class VariableName(StringConverter):
    """The name of an environment variable."""

    regex = "[A-Za-z_][A-Za-z0-9_]{0,99}"


def register() -> None:
    """Make `number`, `name` and `variable` known to paths."""
    register_converter(Number, "number")
    register_converter(Name, "name")
    register_converter(VariableName, "variable")
