"""Deliveries of Alertmanager (prometheus.io, "webhook_config", version 4)."""

from __future__ import annotations

import hashlib

from workloads.hooks.news import Alert, News
from workloads.hooks.reading import Node, Unreadable

MOST_ALERTS = 200
MOST_LABELS = 30


def read(_: str, sent: Node) -> News:
    """The alerts of one notification, the first 200."""
    if sent.raw("version") != "4":
        raise Unreadable("This is not version 4 of Alertmanager's document.")
    found = tuple(_alert(one) for one in sent.items("alerts")[:MOST_ALERTS])
    if not found:
        raise Unreadable("The document has no alerts.")
    more = sent.size("alerts") - len(found)
    title = ", ".join(dict.fromkeys(alert.name for alert in found))[:200]
    said = f"; {more} more are not looked at" if more > 0 else ""
    return News("alert", title=title + said, by=sent.text("receiver"), action=sent.text("status", most=20), alerts=found)


def _alert(one: Node) -> Alert:
    labels = _labels(one.at("labels"))
    state = one.raw("status")
    if state not in ("firing", "resolved"):
        raise Unreadable("An alert is neither firing nor resolved.")
    named = dict(labels)
    name = named.get("alertname", "") or "An alert without a name"
    print_of = one.raw("fingerprint", most=64) or hashlib.sha256(repr(sorted(labels)).encode()).hexdigest()[:16]
    summary = one.text("annotations", "summary") or one.text("annotations", "description") or name
    return Alert(
        fingerprint=print_of,
        firing=state == "firing",
        name=name,
        summary=summary,
        severity=named.get("severity", ""),
        labels=labels,
        started=one.text("startsAt", most=40),
        url=one.text("generatorURL", most=500),
    )


def _labels(node: Node) -> tuple[tuple[str, str], ...]:
    names = sorted(node.value)[:MOST_LABELS] if isinstance(node.value, dict) else []
    return tuple((name[:100], node.text(name, most=200)) for name in names if name.isprintable())
