"""Lists by cursor: the page after the last row seen, so that new rows never shift what is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Row = TypeVar("Row", bound=Model)
SIZE = 50
OLDER, NEWEST = _("Older"), _("Newest")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the addresses of the pages beside them with the words of their buttons."""

    rows: Sequence[Row]
    next_url: str = ""
    first_url: str = ""
    next_word: str | Promise = OLDER
    first_word: str | Promise = NEWEST


def page_of(request: HttpRequest, rows: QuerySet[Row], size: int = SIZE) -> Page[Row]:
    """The page of rows (newest first) that `?before=<id>` asks for."""
    return Page(*_before(request, rows, "pk", size))


def page_by_rank(request: HttpRequest, rows: QuerySet[Row], size: int = SIZE) -> Page[Row]:
    """The page of rows, the highest of their unique `rank` first, that `?before=<rank>` asks for."""
    return Page(*_before(request, rows, "rank", size), _("Next"), _("From the start"))


def _before(request: HttpRequest, rows: QuerySet[Row], field: str, size: int) -> tuple[Sequence[Row], str, str]:
    before = number(request.GET.get("before", ""))
    found = list((rows.filter(**{f"{field}__lt": before}) if before else rows).order_by(f"-{field}")[: size + 1])
    return found[:size], *_beside(request, "before", field, found, size)


def page_by_name(request: HttpRequest, rows: QuerySet[Row], size: int = SIZE) -> Page[Row]:
    """The page of rows, ordered by their unique `name`, that `?after=<name>` asks for."""
    after = text(request, "after")
    found = list((rows.filter(name__gt=after) if after else rows).order_by("name")[: size + 1])
    return Page(found[:size], *_beside(request, "after", "name", found, size), _("Next"), _("From the start"))


def page_by_path(request: HttpRequest, rows: QuerySet[Row], size: int = SIZE) -> Page[Row]:
    """The page of rows, ordered by their unique `path`, that `?after=<path>` asks for."""
    after = request.GET.get("after", "")
    found = list((rows.filter(path__gt=after) if after else rows).order_by("path")[: size + 1])
    return Page(found[:size], *_beside(request, "after", "path", found, size), _("Next"), _("From the start"))


def _beside(request: HttpRequest, key: str, field: str, found: Sequence[Row], size: int) -> tuple[str, str]:
    """The addresses of the next page and of the first one, empty where there is none."""
    query = request.GET.copy()
    query.pop(key, None)
    first = f"?{query.urlencode()}" if key in request.GET else ""
    if len(found) <= size:
        return "", first
    query[key] = str(getattr(found[size - 1], field))
    return f"?{query.urlencode()}", first


def number(text: str) -> int | None:
    """The number in a query parameter, or None where it is not one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def text(request: HttpRequest, name: str) -> str:
    """A text in the address as a query can use it: short and stripped."""
    return request.GET.get(name, "").strip()[:200]
