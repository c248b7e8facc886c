"""From the proved bytes of a delivery to its facts."""

from __future__ import annotations

from workloads.hooks import alerts, generic, github, gitlab
from workloads.hooks.news import News
from workloads.hooks.reading import document

READERS = {"github": github.read, "gitlab": gitlab.read, "alertmanager": alerts.read, "generic": generic.read}


def parse(kind: str, event: str, body: bytes) -> News:
    """The facts of a delivery of a source of this kind; reading.Unreadable when it is not what it says."""
    return READERS[kind](event, document(body))
