"""How pages say states, times, sizes and colours, and draw icons."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from controlplane.dashboard import moments, vocabulary
from controlplane.dashboard.drawing import ansi, marks
from controlplane.dashboard.shapes import title_of
from knowledge import ages
from knowledge.models import Source
from workloads import phrases, refs
from workloads.admission import Kept

register = template.Library()


@lru_cache(maxsize=128)
def _drawn(name: str) -> str:
    return render_to_string(f"icons/_{name}.html").strip()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small drawing; a word always stands beside it, so it is hidden from screen readers."""
    return mark_safe(_drawn(name))  # noqa: S308  our own fragment


@register.simple_tag
def status(state: str, kind: str = "", label: str = "") -> SafeString:
    """A state as icon, word and colour."""
    word = vocabulary.word(str(state or "not_evaluated"), kind)
    return format_html('<span class="status {}">{}<span>{}</span></span>', word.meaning, icon(word.icon), label or word.label)


@register.simple_tag
def source_state(source: Source) -> SafeString:
    """How a source of the knowledge base stands: what is wrong before what is old."""
    if not source.enabled:
        return status("off", "source")
    if source.status == Source.Status.IDLE and (source.refreshed_at is None or ages.stale(source)):
        return status("stale" if source.refreshed_at else "never", "source")
    return status(source.status, "source")


@register.filter
def meaning(state: str, kind: str = "") -> str:
    """What a state means, as a class: ok, warn, bad, wait, busy or quiet."""
    return vocabulary.word(str(state), kind).meaning


@register.filter
def in_words(state: str, kind: str = "") -> str:
    """A state as a word only."""
    return str(vocabulary.word(str(state), kind).label)


@register.filter
def node_title(node: str) -> str:
    """A node of a graph as a person reads it."""
    return title_of(node)


@register.filter
def part(name: str) -> str:
    """A part of a run plan as a person reads it."""
    return str(vocabulary.PARTS.get(name, name))


@register.filter
def icon_of(state: str, kind: str = "") -> SafeString:
    """The icon of a state alone, where its word stands beside it."""
    return icon(vocabulary.word(str(state), kind).icon)


@register.filter
def dollars(amount: Decimal | None) -> str:
    """An amount of US dollars; below a cent with four places, so that it is not told as nothing."""
    if not amount:
        return "$0"
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"


@register.simple_tag
def when(moment: datetime | str | None) -> SafeString:
    """How long ago, with the exact time on hover."""
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) and moment else moment
    if not isinstance(moment, datetime):
        return format_html('<span class="muted">{}</span>', "–")
    exact = date_format(timezone.localtime(moment), "Y-m-d H:i:s T")
    words = moments.ago(moment, timezone.now())
    return format_html('<time datetime="{}" title="{}" data-ago>{}</time>', moment.isoformat(), exact, words)


@register.filter
def exact(moment: datetime) -> str:
    """A moment with its zone, where "in 3 h" is not enough."""
    return phrases.moment(moment)


@register.filter
def kept_in_words(kept: Kept) -> str:
    """What keeps a change from beginning."""
    return phrases.kept(kept)


@register.simple_tag
def lasted(start: datetime | None, end: datetime | None) -> SafeString | str:
    """A duration; while there is no end it goes on ticking in the page."""
    if start is None:
        return ""
    if end is None:
        length = moments.span(timezone.now() - start)
        return format_html('<time datetime="{}" data-since>{}</time>', start.isoformat(), length)
    return moments.span(end - start)


@register.filter
def seconds_as_span(seconds: float) -> str:
    """Seconds as a duration."""
    return moments.span(timedelta(seconds=float(seconds)))


@register.filter
def length_or_nothing(length: timedelta | None) -> SafeString | str:
    """A duration, or that there is no data for it."""
    return format_html('<span class="muted">{}</span>', gettext("no data")) if length is None else moments.span(length)


@register.filter
def percent(share: float) -> str:
    """A share as a percentage; never rounded up to all or down to nothing."""
    text = f"{share * 100:.0f}"
    return f"{share * 100:.1f} %" if (text == "100" and share < 1) or (text == "0" and share > 0) else f"{text} %"


@register.filter
def size(count: int | None) -> str:
    """Bytes as a person reads them."""
    return "" if count is None else moments.size(count)


@register.filter
def short(digest: str) -> str:
    """The first ten letters of a commit or digest."""
    return refs.short(str(digest or ""))


@register.filter
def first_line(text: str) -> str:
    """The subject of a commit message."""
    return str(text or "").partition("\n")[0]


@register.filter
def breakable(text: Any) -> SafeString:
    """A path or an address that a narrow column may break where its parts meet, and nowhere else."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in re.split(r"(?<=[/:])(?=[^/:\s])", str(text))))


@register.filter
def coloured(text: Any) -> SafeString:
    """A log line with its ANSI colours."""
    return ansi.coloured(str(text))


@register.filter
def marked(text: str, asked: str) -> SafeString:
    """A log line with the words that were looked for marked."""
    return marks.marked(text, asked)


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """A value of a dictionary by a key that is itself a value."""
    return mapping.get(key) if isinstance(mapping, dict) else None


@register.filter
def run_title(run: Any) -> str:
    """A run in a sentence: what, which version, where."""
    ref = run.input.get("named") or run.input.get("ref", "")
    asked = {"ref": refs.readable(ref), "environment": str(run.environment)}
    if run.workflow == "deploy":
        return gettext("Deploy %(ref)s to %(environment)s") % asked
    if run.workflow == "rollback":
        return gettext("Roll back %(environment)s") % asked
    if run.workflow == "incident":
        return gettext("Incident %(incident)s in %(environment)s") % {**asked, "incident": run.input.get("incident", "")}
    return f"{run.workflow} · {asked['environment']}"


@register.filter
def as_json(value: Any) -> str:
    """A JSON value, indented to be read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def coloured_lines(text: Any) -> SafeString:
    """A whole log with its ANSI colours."""
    return format_html_join("\n", "{}", ((ansi.coloured(line),) for line in str(text).splitlines()))
