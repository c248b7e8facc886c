"""The search in what runs said: which runs, and which of their lines. Rights come with the runs that are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.postgres.search import SearchVectorField
from django.db.models import Func, QuerySet
from django.utils.translation import gettext as _

from agents.models import Run, RunEvent
from controlplane.core import words
from controlplane.core.errors import Invalid
from controlplane.core.patience import at_most

MOST_LINES = 10_000
SECONDS = 3.0
LATELY = timedelta(days=30)
GRAVITY: dict[str, int] = {RunEvent.Level.ERROR: 0, RunEvent.Level.WARNING: 1}
Place = tuple[int, int, date]  # a line's run, number and day: its primary key


class _Words(Func):
    """The words of a line, exactly as the index of migration agents 0005 has them."""

    template = "agents_event_words(%(expressions)s)"
    output_field = SearchVectorField()


@dataclass(frozen=True, slots=True)
class Found:
    """The best line of each run that says the words: the gravest, of those the first.

    `cut`: there are more lines than were looked at, and runs with older ones only are missing.
    """

    best: dict[int, Place]
    cut: bool = False


def find(rows: QuerySet[Run], text: str, since: datetime) -> Found:
    """Which of these runs said all the words since then, by their newest MOST_LINES such lines.

    Raises Invalid where that takes longer than SECONDS, and where there is no word in the text.
    """
    asked = words.of(text)
    if not asked:
        raise Invalid(_("There is no word to look for."), cure=_("Write a word with letters or digits."))
    said = RunEvent.objects.filter(day__gte=since.date(), at__gte=since, run__in=rows.order_by().values("pk"))
    said = said.alias(words=_Words("text")).filter(words=words.query(asked)).order_by("-at")
    with at_most(SECONDS, _too_wide()):
        found = list(said.values_list("run_id", "number", "day", "level")[: MOST_LINES + 1])
    gravest = sorted(found[:MOST_LINES], key=lambda line: (GRAVITY.get(line[3], 2), line[1]), reverse=True)
    return Found({line[0]: line[:3] for line in gravest}, cut=len(found) > MOST_LINES)


def lines(places: list[Place]) -> dict[int, RunEvent]:
    """These lines, by their run."""
    return {line.run_id: line for line in RunEvent.objects.filter(pk__in=places)} if places else {}


def _too_wide() -> Invalid:
    return Invalid(
        _("This search is too wide: it was given up after %(seconds)d seconds.") % {"seconds": SECONDS},
        cure=_("Name a rarer word, an environment, or a shorter time."),
    )
