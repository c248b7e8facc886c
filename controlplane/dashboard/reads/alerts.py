"""The alerts of an incident as its page shows them: the newest first, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from workloads.grouping.causes import KNOWN
from workloads.models import Alert, Incident

SHOWN_BY_ITSELF = frozenset({"alertname", "severity"})
MOST_LABELS = 8
STATES = ("firing", "over")


@dataclass(frozen=True, slots=True)
class Line:
    """One alert: its labels without those that stand elsewhere, the most telling first, and how many more there are."""

    alert: Alert
    labels: Sequence[tuple[str, str]]
    more: int

    @property
    def state(self) -> str:
        """A word of the vocabulary, of the kind `alert`."""
        return "over" if self.alert.ended_at else "firing"


def rows(incident: Incident, state: str = "") -> QuerySet[Alert]:
    """The alerts of an incident, or those of it that fire, or that are over."""
    found = Alert.objects.filter(incident=incident).select_related("source")
    return found.filter(ended_at__isnull=state == "firing") if state in STATES else found


def lines(alerts: Sequence[Alert]) -> list[Line]:
    """Them as lines."""
    return [_line(alert) for alert in alerts]


def _line(alert: Alert) -> Line:
    told = [(name, value) for name, value in alert.labels.items() if name not in SHOWN_BY_ITSELF and value]
    told.sort(key=lambda pair: (pair[0].removeprefix("exported_") not in KNOWN, pair[0]))
    return Line(alert, told[:MOST_LABELS], max(0, len(told) - MOST_LABELS))
