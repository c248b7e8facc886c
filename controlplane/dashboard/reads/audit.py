"""The audit as its page asks for it: every filter is in the address and has an index, so it is as quick at a million entries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import Func, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from controlplane.core import words
from controlplane.core.errors import Invalid
from controlplane.core.models import AuditEntry
from controlplane.dashboard.drawing.difference import Row, paired

LONGEST = 200  # characters of one filter
OBJECT = re.compile(r"^(?P<type>[a-z_]+\.[a-z_]+)/(?P<id>\S+)$")


class _Words(Func):
    """The words of an entry, exactly as the index of migration core 0004 has them."""

    template = (
        "core_audit_words(actor_label || ' ' || action || ' ' || target_label || ' ' || reason"
        " || ' ' || coalesce(before::text, '') || ' ' || coalesce(after::text, ''))"
    )
    output_field = SearchVectorField()


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, as it was typed. `actor`, `action` and `object` by how they begin; `object` also as type/id."""

    q: str = ""
    actor: str = ""
    action: str = ""
    object: str = ""
    request: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Search:
        """The search in an address."""
        return cls(**{field.name: query.get(field.name, "").strip()[:LONGEST] for field in fields(cls)})

    @property
    def asked(self) -> dict[str, str]:
        """The filters that are set."""
        return {name: value for name, value in asdict(self).items() if value}

    def rows(self) -> QuerySet[AuditEntry]:
        """The entries that fit; in no order. Raises Invalid for a time that is none."""
        wanted = {"actor_label__startswith": self.actor, "action__startswith": self.action, "request_id": self.request}
        rows = AuditEntry.objects.filter(**{name: value for name, value in wanted.items() if value})
        return self._in_time(_with_words(_of_object(rows, self.object), self.q))

    def _in_time(self, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Times never go back along the chain, so a range of time is a range of numbers."""
        if self.since:
            first = AuditEntry.objects.filter(at__gte=_moment(self.since)).order_by("at", "number").first()
            rows = rows.filter(number__gte=first.number) if first else rows.none()
        if self.until:
            last = AuditEntry.objects.filter(at__lt=_moment(self.until, end=True)).order_by("-at", "-number").first()
            rows = rows.filter(number__lte=last.number) if last else rows.none()
        return rows


def difference(entry: AuditEntry) -> tuple[Row, ...]:
    """What the write changed, side by side, one line a value."""
    old, new = dict(_flat(entry.before)), dict(_flat(entry.after))
    names = list(dict.fromkeys([*old, *new]))
    return paired((_line(name, old), _line(name, new)) for name in names)


def _of_object(rows: QuerySet[AuditEntry], wanted: str) -> QuerySet[AuditEntry]:
    exact = OBJECT.match(wanted)
    if exact:
        return rows.filter(target_type=exact["type"], target_id=exact["id"])
    return rows.filter(target_label__startswith=wanted) if wanted else rows


def _with_words(rows: QuerySet[AuditEntry], text: str) -> QuerySet[AuditEntry]:
    asked = words.of(text)
    return rows.alias(words=_Words()).filter(words=words.query(asked)) if asked else rows


def _moment(text: str, end: bool = False) -> datetime:
    """The time that was typed; a day alone is its beginning, or with `end` that of the next."""
    try:
        day, moment = parse_date(text), parse_datetime(text)
    except ValueError:
        day = moment = None
    if day is not None:
        moment = datetime.combine(day + timedelta(days=1) if end else day, time())
    if moment is None:
        raise Invalid(_("'%(text)s' is no time.") % {"text": text}, cure=_("Write a day such as 2026-03-31, or 2026-03-31T14:05."))
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key))
    elif value not in (None, {}) or name:
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _line(name: str, side: Mapping[str, str]) -> str | None:
    if name not in side:
        return None
    return f"{name}: {side[name]}" if name else side[name]
