"""The runs list as its page asks for it: every filter is in the address, and the words are looked for in what the runs said."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents import search
from agents.models import Run, RunEvent
from controlplane.core.errors import Invalid
from controlplane.dashboard.paging import Page, page_of, text
from controlplane.dashboard.shapes import SHAPES

SINCE: dict[str, str | Promise] = {"day": _("the last 24 hours"), "week": _("the last 7 days"), "month": _("the last 30 days")}
LENGTHS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for. `q` in the lines of runs, `by` is how the name of who asked begins; nonsense asks for nothing."""

    q: str = ""
    status: str = ""
    workflow: str = ""
    by: str = ""
    since: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        """What the address asks for."""
        return cls(
            q=text(request, "q"),
            status=_one_of(Run.Status.values, text(request, "status")),
            workflow=_one_of(SHAPES, text(request, "workflow")),
            by=text(request, "by"),
            since=_one_of(SINCE, text(request, "since")),
        )

    def narrow(self, rows: QuerySet[Run], now: datetime) -> QuerySet[Run]:
        """Those of the runs that fit, whatever they said."""
        wanted = {"status": self.status, "workflow": self.workflow, "requested_by_label__startswith": self.by}
        rows = rows.filter(**{name: value for name, value in wanted.items() if value})
        if self.since:  # runs are numbered as they come, so a range of time is a range of numbers
            first = Run.objects.filter(created_at__gte=now - LENGTHS[self.since]).order_by("created_at").values("pk")[:1]
            rows = rows.filter(pk__gte=first)
        return rows

    def begin(self, now: datetime) -> datetime:
        """Since when lines are looked at: a month unless told."""
        return now - LENGTHS[self.since or "month"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of runs; where words were looked for, the best line of each. `error`: why there is no answer."""

    page: Page[Run]
    lines: dict[int, RunEvent]
    cut: bool = False
    error: Invalid | None = None


def listed(request: HttpRequest, rows: QuerySet[Run], asked: Asked, now: datetime) -> Listed:
    """The page of the runs that the address asks for, newest first."""
    rows = asked.narrow(rows, now)
    if not asked.q:
        return Listed(page_of(request, rows), {})
    try:
        found = search.find(rows, asked.q, asked.begin(now))
    except Invalid as error:
        return Listed(Page([]), {}, error=error)
    page = page_of(request, rows.filter(pk__in=list(found.best)))
    return Listed(page, search.lines([found.best[run.pk] for run in page.rows]), found.cut)


def _one_of(known: Container[str], word: str) -> str:
    return word if word in known else ""
