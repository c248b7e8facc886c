"""Deliveries of Alertmanager (prometheus.io, "webhook_config", version 4): all of their alerts, or none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from controlplane.core.redaction import MASK, SECRET_NAME, redact
from workloads.grouping.causes import FINE, KNOWN
from workloads.hooks.news import Alert, News
from workloads.hooks.reading import LONGEST, Node, Unreadable

MOST_ALERTS = 10_000  # a body as large as is read never holds so many real ones
MOST_LABELS = 60
LONGEST_LABEL = 200  # characters of a value; of a longer one its beginning and a digest are kept
MANY = "Have fewer sent at once: set group_by, or max_alerts, where Alertmanager's configuration names this receiver."
Texts = dict[tuple[str, str], str]


def read(_: str, sent: Node) -> News:
    """Every alert of one notification. Unreadable where one cannot be read: none is dropped in silence."""
    if sent.raw("version") != "4":
        raise Unreadable("This is not version 4 of Alertmanager's document.")
    told = sent.items("alerts", most=MOST_ALERTS + 1)
    if not told:
        raise Unreadable("The document has no alerts.")
    if len(told) > MOST_ALERTS:
        raise Unreadable(f"The document has more than {MOST_ALERTS:,} alerts. {MANY}")
    texts: Texts = {}  # the same few texts stand in hundreds of alerts
    found = tuple(_alert(one, texts) for one in told)
    return News(
        "alert",
        title=", ".join(dict.fromkeys(alert.name for alert in found))[:200],
        by=sent.text("receiver"),
        action=sent.text("status", most=20),
        alerts=found,
        groups=_labels(sent.at("groupLabels"), texts),
        left_out=sent.number("truncatedAlerts") or 0,
    )


def _alert(one: Node, texts: Texts) -> Alert:
    labels = _labels(one.at("labels"), texts)
    state = one.raw("status")
    if state not in ("firing", "resolved"):
        raise Unreadable("An alert is neither firing nor resolved.")
    named = dict(labels)
    name = named.get("alertname", "") or "An alert without a name"
    digest = hashlib.sha256(_canonical(one.at("labels").value)).hexdigest()
    fingerprint = one.raw("fingerprint", most=64) or digest[:16]
    summary = _text(one.at("annotations", "summary"), texts) or _text(one.at("annotations", "description"), texts) or name
    return Alert(
        fingerprint=fingerprint,
        firing=state == "firing",
        name=name,
        summary=summary,
        severity=named.get("severity", ""),
        labels=labels,
        started=one.raw("startsAt", most=40),
        ended="" if state == "firing" else one.raw("endsAt", most=40),
        url=_text(one.at("generatorURL"), texts, most=500),
        identity=hashlib.sha256(f"{fingerprint} {digest}".encode()).hexdigest(),
    )


def _labels(node: Node, texts: Texts) -> tuple[tuple[str, str], ...]:
    """The labels by name; where there are too many, those that tell what it is about come first."""
    given: Mapping[str, object] = node.value if isinstance(node.value, dict) else {}
    names = [name for name in given if name.isprintable() and isinstance(given[name], str)]
    if len(names) > MOST_LABELS:
        names = sorted(names, key=lambda name: (name.removeprefix("exported_") not in KNOWN | FINE, name))[:MOST_LABELS]
    return tuple((_name(name, texts), _value(name, node, texts)) for name in sorted(names))


def _name(name: str, texts: Texts) -> str:
    key = (name, "")
    if key not in texts:
        texts[key] = redact(name[:100])
    return texts[key]


def _value(name: str, node: Node, texts: Texts) -> str:
    """A value that can be shown and compared: what is long is told apart by its digest, what is secret by its name is masked."""
    whole = node.value[name]
    if not whole:
        return ""
    key = (name, whole)
    if key not in texts:
        shown = node.text(name, most=LONGEST_LABEL)
        if len(whole) > LONGEST_LABEL:
            shown = f"{shown[: LONGEST_LABEL - 17]} {hashlib.sha256(whole.encode(errors='replace')).hexdigest()[:16]}"
        texts[key] = MASK if SECRET_NAME.search(name) and shown else shown
    return texts[key]


def _text(node: Node, texts: Texts, most: int = LONGEST) -> str:
    if not isinstance(node.value, str):
        return ""
    key = ("", node.value)
    if key not in texts:
        texts[key] = node.text(most=most)
    return texts[key]


def _canonical(labels: object) -> bytes:
    return json.dumps(labels, sort_keys=True, ensure_ascii=True).encode()
