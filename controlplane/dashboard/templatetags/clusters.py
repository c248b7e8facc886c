"""How pages draw what stands on a cluster: bars of what is used, names of images, marks of pods."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from controlplane.dashboard import moments
from controlplane.dashboard.drawing import gauge as gauges
from workloads.topology.picture import Measure
from workloads.topology.reading import image

register = template.Library()


@register.simple_tag
def gauge(measure: Measure, unit: str) -> SafeString:
    """What is used against what was asked for and allowed: a bar and its numbers; honest where nobody measures."""
    say = gauges.cores if unit == "cores" else (lambda amount: moments.size(int(amount)))
    asked = say(measure.requested) if measure.requested else ""
    rest = format_html('<span class="muted">/ {}</span>', asked) if asked else mark_safe("")
    if measure.used is None:
        return format_html(
            '<span class="gauged"><span class="told"><span class="muted">{}</span> {}</span></span>', _("no data"), rest
        )
    found = gauges.gauge(measure.used, measure.requested, measure.limit)
    bar = _bar(found) if found else mark_safe("")
    most = _("at most %(limit)s") % {"limit": say(measure.limit)} if measure.limit else _("no limit")
    return format_html(
        '<span class="gauged" title="{}">{}<span class="told">{} {}</span></span>', most, bar, say(measure.used), rest
    )


@register.filter
def short_image(reference: str) -> str:
    """An image without its registry, its digest cut."""
    return image(str(reference))


def _bar(found: gauges.Gauge) -> SafeString:
    mark = format_html('<path d="M{0} 0V8" />', found.asked) if found.asked is not None else mark_safe("")
    return format_html(
        '<svg class="gauge {}" viewBox="0 0 72 8" aria-hidden="true" focusable="false">'
        '<rect class="back" y="1" width="72" height="6" rx="2" /><rect y="1" width="{}" height="6" rx="2" />{}</svg>',
        found.meaning,
        found.used,
        mark,
    )
