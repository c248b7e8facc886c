"""Filters of lists that name an application or an environment: by a part of the name, or by the number in a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from controlplane.core.actors import Actor
from controlplane.dashboard import sight
from controlplane.dashboard.paging import number, text
from workloads import visibility

Row = TypeVar("Row", bound=Model)
OFFERED = 100
MOST = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """What was asked for in words, the numbers of what that means (None: everything), and names to offer."""

    words: str
    numbers: list[int] | QuerySet[Any, Any] | None
    offered: list[str]

    def filter(self, rows: QuerySet[Row], path: str) -> QuerySet[Row]:
        """The rows whose `path` is one of these."""
        return rows if self.numbers is None else rows.filter(**{f"{path}__in": self.numbers})


def environment(request: HttpRequest, actor: Actor) -> Place:
    """The environments that `?environment=` names: `shop`, `staging`, `shop/staging`, or a number."""
    rows = sight.environments(actor).order_by("application__name", "name")
    asked = text(request, "environment")
    application, slash, name = (part.strip() for part in asked.partition("/"))
    if slash:
        meant = Q(application__name__icontains=application, name__icontains=name)
    else:
        meant = Q(application__name__icontains=asked) | Q(name__icontains=asked)
    return _place(rows, asked, meant)


def application(request: HttpRequest, actor: Actor) -> Place:
    """The applications that `?application=` names by a part of their name, or by their number."""
    rows = visibility.applications(actor).order_by("name")
    asked = text(request, "application")
    return _place(rows, asked, Q(name__icontains=asked))


def _place(rows: QuerySet[Any], asked: str, meant: Q) -> Place:
    offered = [str(one) for one in rows[:OFFERED]]
    if not asked:
        return Place("", None, offered)
    linked = rows.filter(pk=number(asked)).first() if number(asked) else None
    if linked is not None:
        return Place(str(linked), [linked.pk], offered)
    found = rows.filter(meant).order_by().values_list("pk", flat=True)
    numbers = list(found[: MOST + 1])  # by number the database uses its indexes; so many are better left to it
    return Place(asked, numbers if len(numbers) <= MOST else found, offered)
