"""Alerts of a delivery taken into an environment: each becomes a row with its incident, all of them in a few statements.

The alerts of one environment are taken one delivery at a time, whatever sends them: a lock of their own holds until the delivery is
written down, and nothing else waits for it. Entries in the audit are written last, for its chain is locked from the first one on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q
from django.utils.dateparse import parse_datetime

from controlplane.core.actors import Actor
from workloads import incidents
from workloads.grouping.causes import Cause, cause_of
from workloads.grouping.turns import State, Telling, Turn, after
from workloads.hooks.news import Alert as Told
from workloads.models import Alert, Environment, Incident, WebhookSource

LOCK = 0x7113_A1E5 << 32  # with an environment's number: one taking at a time
AT_ONCE = 1_000  # rows of a statement
OVER = "The alert is over, as {} says."
ALL_OVER = "All of its {1} alerts are over, as {0} says."
WRITTEN = (
    *("incident", "cause", "fingerprint", "name", "summary", "severity", "labels", "url", "started_at", "ended_at"),
    *("told", "fired", "first_told_at", "last_told_at"),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the alerts of a delivery: how many of each turn, and the incidents that they belong to."""

    turns: dict[str, int]
    opened: tuple[int, ...] = ()
    incidents: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """The alerts that a delivery brought to one environment. `counts`: they were not taken there before."""

    environment: Environment
    source: WebhookSource
    delivery: int
    at: datetime
    met: Sequence[Told]
    groups: Mapping[str, str] = field(default_factory=dict)
    counts: bool = True


@dataclass(slots=True)
class _One:
    """One alert while it is taken: what this delivery says of it last, what is known of it then, and its row."""

    told: Told
    cause: Cause
    state: State | None
    row: Alert | None
    turns: list[Turn] = field(default_factory=list)

    @property
    def fires(self) -> bool:
        return self.state is not None and self.state.firing


def lock(environments: Iterable[int]) -> None:
    """Take the locks of these environments, always in one order; they hold until the transaction ends."""
    with connection.cursor() as cursor:
        for number in sorted(set(environments)):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK | (number & 0xFFFF_FFFF)])


def take(actor: Actor, brought: Delivered) -> Taken:
    """Take the alerts that were brought; inside the transaction that concludes the delivery.

    Firing ones open their cause's incident, or belong to the one that is there; an incident is over with the last of its alerts.
    """
    lock([brought.environment.pk])
    found = _read(brought)
    places = _Places(brought)
    places.give(found)
    _write(found)
    rows = places.count(found)
    places.tell(actor, rows)
    turns = Counter(turn.value for one in found for turn in one.turns)
    return Taken(dict(turns), tuple(row.pk for row in places.made), tuple(sorted(rows)))


def _read(brought: Delivered) -> list[_One]:
    """Each alert once, followed through everything that this delivery says of it."""
    known = _known(brought, [_identity(told) for told in brought.met])
    found: dict[str, _One] = {}
    for told in brought.met:
        identity = _identity(told)
        if identity not in found:
            row = known.get(identity)
            found[identity] = _One(told, cause_of(told.name, dict(told.labels), brought.groups), _state(row), row)
        one = found[identity]
        one.told = told
        one.state, turn = after(one.state, _telling(told, brought.at), counts=brought.counts and not one.turns)
        one.turns.append(turn)
    return list(found.values())


def _identity(told: Told) -> str:
    return told.identity or told.fingerprint


def _known(brought: Delivered, identities: Sequence[str]) -> dict[str, Alert]:
    """The newest row of each, with its incident."""
    rows = Alert.objects.filter(environment=brought.environment, source=brought.source, identity__in=identities)
    newest = rows.order_by("identity", "-pk").distinct("identity").select_related("incident")
    return {row.identity: row for row in newest}


def _state(row: Alert | None) -> State | None:
    if row is None:
        return None
    return State(row.started_at, row.ended_at, row.told, row.fired, row.first_told_at, row.last_told_at)


def _telling(told: Told, at: datetime) -> Telling:
    return Telling(told.firing, _moment(told.started) or at, None if told.firing else _moment(told.ended), at)


def _moment(text: str) -> datetime | None:
    """A moment with its zone; nothing for what is none, nor for the year 1 that Alertmanager writes for never."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None and 1970 < found.year < 9000 else None


class _Places:
    """Which incident each alert belongs to, and which incidents begin, come back or end with them."""

    def __init__(self, brought: Delivered) -> None:
        self.brought = brought
        self.of_cause: dict[str, Incident] = {}
        self.made: list[Incident] = []
        self.back: set[int] = set()
        self.left: list[Alert] = []  # rows of alerts that fire on in another incident

    def give(self, found: Sequence[_One]) -> None:
        """Give each alert its incident; those that are new are in the database afterwards, not yet told of."""
        causes = list({one.cause.key for one in found})
        self.of_cause = incidents.lately(self.brought.environment.pk, causes, self.brought.at)
        found = sorted(found, key=lambda one: not one.fires)  # what fires opens what the others then belong to
        wanted = [self._of(one) for one in found]
        Incident.objects.bulk_create(self.made)
        self._adopt()
        for one, incident in zip(found, wanted, strict=True):
            one.row = self._row(one, incident)
        Alert.objects.filter(pk__in=[row.pk for row in self.left]).update(ended_at=self.brought.at)

    def _adopt(self) -> None:
        """What was over before it was told belongs to the incident that opens for its cause a moment later."""
        made = {row.cause: row for row in self.made}
        lately = self.brought.at - incidents.REOPEN_WITHIN
        alone = Alert.objects.filter(environment=self.brought.environment, incident__isnull=True, cause__in=made)
        for pk, cause in alone.filter(last_told_at__gte=lately).values_list("pk", "cause"):
            Alert.objects.filter(pk=pk).update(incident=made[cause])

    def _of(self, one: _One) -> Incident | None:
        """The incident of an alert: where it fires already, the same; where it begins to, that of its cause, made if need be."""
        before = one.row.incident if one.row else None
        known = self.of_cause.get(one.cause.key)
        if not one.fires:
            return before or known
        if before is not None and (before.status in incidents.UNRESOLVED or self._given_a_while(one, before)):
            return before
        if known is not None and known.status == Incident.Status.RESOLVED:
            self.back.add(known.pk)
        return known or self._make(one)

    def _given_a_while(self, one: _One, incident: Incident) -> bool:
        """Whether somebody resolved it while this alert fired, and it still does: it may take a while to notice."""
        resolved = incident.resolved_at
        if one.row is None or one.row.ended_at is not None or one.state is None or resolved is None:
            return False
        return one.state.started <= resolved and self.brought.at < resolved + incidents.REOPEN_WITHIN

    def _make(self, one: _One) -> Incident:
        told = one.told
        title = f"{told.name}: {told.summary}" if told.summary != told.name else told.name
        opener, about = Incident.Opener.ALERT, one.cause.object
        made = incidents.draft(self.brought.environment, opener, one.cause.key, title, self._evidence(one), about=about)
        self.of_cause[one.cause.key] = made
        self.made.append(made)
        return made

    def _evidence(self, one: _One) -> dict[str, object]:
        """What the newest of its alerts says; all of it was redacted as it was read."""
        told = one.told
        return {
            "summary": told.summary,
            "alert": told.name,
            "severity": told.severity,
            "labels": dict(told.labels),
            "firing since": told.started,
            "source": told.url,
            "delivery": self.brought.delivery,
        }

    def _row(self, one: _One, incident: Incident | None) -> Alert:
        """The alert's row: of its incident, or a new one where it fires in another."""
        told, state, row = one.told, one.state, one.row
        assert state is not None
        if row is not None and row.incident_id is not None and incident is not None and row.incident_id != incident.pk:
            if row.ended_at is None:
                self.left.append(row)
            row, at = None, self.brought.at
            state = replace(state, told=int(self.brought.counts), fired=1, first_told=at, last_told=at)
        if row is None:
            row = Alert(environment=self.brought.environment, source=self.brought.source, identity=_identity(told))
        row.incident, row.cause, row.name, row.summary = incident, one.cause.key, told.name[:200], told.summary
        row.fingerprint = told.fingerprint
        row.severity, row.labels, row.url = told.severity, dict(told.labels), told.url
        row.started_at, row.ended_at, row.told, row.fired = state.started, state.ended, state.told, state.fired
        row.first_told_at, row.last_told_at = state.first_told, state.last_told
        return row

    def count(self, found: Sequence[_One]) -> dict[int, Incident]:
        """The incidents that the delivery touched, with their numbers of alerts and their newest evidence."""
        written = [*(one.row for one in found if one.row), *self.left]
        touched = {row.incident_id for row in written if row.incident_id is not None}
        related = Incident.objects.select_related("environment__application")
        rows = {row.pk: row for row in related.filter(pk__in=touched)}
        counts = Alert.objects.filter(incident__in=rows).order_by().values("incident")
        for count in counts.annotate(all=Count("pk"), firing=Count("pk", filter=Q(ended_at__isnull=True))):
            row = rows[count["incident"]]
            row.alert_count, row.firing_count = count["all"], count["firing"]
        for one in found:
            if one.fires and one.row is not None and one.row.incident_id is not None:
                rows[one.row.incident_id].evidence = self._evidence(one)
        Incident.objects.bulk_update(rows.values(), ["alert_count", "firing_count", "evidence"], batch_size=AT_ONCE)
        return rows

    def tell(self, actor: Actor, rows: Mapping[int, Incident]) -> None:
        """Tell of incidents that began or came back, and end those of which nothing fires any more."""
        made = {incident.pk for incident in self.made}
        for pk, row in sorted(rows.items()):
            if pk in made:
                incidents.opened(actor, row)
            elif pk in self.back:
                incidents.reopen(actor, row)
            elif row.firing_count == 0 and row.opener == Incident.Opener.ALERT and row.status in incidents.UNRESOLVED:
                over = OVER if row.alert_count == 1 else ALL_OVER
                incidents.over(actor, row, over.format(self.brought.source, row.alert_count))


def _write(found: Sequence[_One]) -> None:
    """All rows, new and known, by one statement for each thousand of either."""
    rows = [one.row for one in found if one.row is not None]
    Alert.objects.bulk_create(rows, batch_size=AT_ONCE, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN)
