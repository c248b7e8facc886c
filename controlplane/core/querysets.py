"""The one way a status changes: a conditional update whose WHERE is the lock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class StateQuerySet(models.QuerySet[Row]):
    """A queryset of rows that have a `status`."""

    def move(self, pk: Any, source: str | Iterable[str], target: str, /, **changes: Any) -> bool:
        """Move one row from one of the source states to the target; True for the one caller who did it."""
        sources = [source] if isinstance(source, str) else list(source)
        return self.filter(pk=pk, status__in=sources).update(status=target, **changes) == 1
