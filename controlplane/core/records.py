"""Records in the admin: read, never written; lists that stay quick at millions of rows."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property

from controlplane.core.administration import ModelAdmin, ReadOnly
from controlplane.core.secrets import SealedJSONField, SealedTextField

MOST = 10_000
HIDDEN = (models.BinaryField, SealedTextField, SealedJSONField)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of the newest 10,000 rows: older ones are reached by search and filters. It never counts a whole table."""

    @cached_property
    def count(self) -> int:
        """How many rows, counted no further than the bound."""
        rows: Any = self.object_list
        return int(rows[:MOST].count())


class RecordAdmin(ReadOnly, ModelAdmin):
    """What happened stays as it happened: no adding, changing, deleting, no actions on many.

    Search fields are named with `__exact` or stand in small tables: nothing here reads a table from end to end.
    """

    actions: Any = None
    paginator = BoundedPaginator
    list_per_page = 50
    show_full_result_count = False
    sortable_by: ClassVar[Any] = ()
    ordering: ClassVar[Any] = ("-pk",)
    hidden: tuple[str, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Every column but the key, what is sealed, what is binary, and what is hidden by name."""
        columns = [field for field in self.opts.concrete_fields if not isinstance(field, (models.BigAutoField, *HIDDEN))]
        return [field.name for field in columns if field.name not in self.hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """All of them."""
        return self.get_fields(request, obj)
