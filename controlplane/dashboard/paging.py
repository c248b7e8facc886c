"""Lists by cursor: the page after the last row seen, so that new rows never shift what is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)
SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the addresses of the pages beside them."""

    rows: Sequence[Row]
    next_url: str = ""
    first_url: str = ""


def page_of(request: HttpRequest, rows: QuerySet[Row], size: int = SIZE) -> Page[Row]:
    """The page of rows (newest first) that `?before=<id>` asks for."""
    before = number(request.GET.get("before", ""))
    found = list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[: size + 1])
    query = request.GET.copy()
    query.pop("before", None)
    first = f"?{query.urlencode()}" if before else ""
    if len(found) <= size:
        return Page(found, "", first)
    query["before"] = str(found[size - 1].pk)
    return Page(found[:size], f"?{query.urlencode()}", first)


def number(text: str) -> int | None:
    """The number in a query parameter, or None where it is not one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
