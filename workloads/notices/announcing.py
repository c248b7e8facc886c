"""Saying that something happened: written in the transaction that makes it true, routed once it is."""

from __future__ import annotations

from django.db import connection, transaction

from controlplane.core import queue
from controlplane.core.redaction import redact
from workloads.models import Announcement, Application, Environment
from workloads.models.notices import Kind, Severity

TASK = "workloads.send_notices"
LONGEST_TITLE, LONGEST_TEXT = 300, 2_000  # characters
SEVERITY = {
    Kind.CHANGE_WAITING: Severity.WARNING,
    Kind.CHANGE_EXPIRED: Severity.WARNING,
    Kind.CHANGE_FAILED: Severity.CRITICAL,
    Kind.RUN_FAILED: Severity.WARNING,
    Kind.RUN_STOPPED: Severity.WARNING,
    Kind.RUN_ROLLED_BACK: Severity.CRITICAL,
    Kind.RUN_STUCK: Severity.CRITICAL,
    Kind.INCIDENT_OPENED: Severity.CRITICAL,
    Kind.INCIDENT_ESCALATED: Severity.CRITICAL,
    Kind.AUTOMATION_HELD: Severity.WARNING,
    Kind.FINDING_CRITICAL: Severity.CRITICAL,
}
CRITICAL = tuple(kind.value for kind, severity in SEVERITY.items() if severity == Severity.CRITICAL)
# The pages of what can be a subject, as the dashboard's addresses have them (a test holds the two together).
PAGES = {
    "run": "/runs/{}/",
    "change": "/changes/{}/",
    "incident": "/incidents/{}/",
    "environment": "/environments/{}/",
    "application": "/applications/{}/",
}


def announce(kind: str, place: Environment | Application | None, subject: str, title: str, text: str = "") -> Announcement:
    """Tell that this happened to the subject (`run-7`), in the transaction of what causes it. People hear it after commit."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("announce() belongs inside the transaction of what it tells of")
    environment = place if isinstance(place, Environment) else None
    told = Announcement.objects.create(
        kind=kind,
        severity=SEVERITY.get(Kind(kind), Severity.INFO),
        subject=subject,
        application=place.application if isinstance(place, Environment) else place,
        environment=environment,
        title=redact(title)[:LONGEST_TITLE],
        text=redact(text)[:LONGEST_TEXT],
        link=page_of(subject),
    )
    queue.enqueue(TASK, told.pk)
    return told


def page_of(subject: str) -> str:
    """The path of the page of a subject; the overview where it has none."""
    what, _, number = subject.rpartition("-")
    return PAGES[what].format(number) if what in PAGES and number.isdigit() else "/"
