"""Messages of the scene: two channels, a route each, and a notification in every state with its attempts."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tests.journeys.stage import Stage
from workloads.models import (
    Announcement,
    Environment,
    Notification,
    NotificationAttempt,
    NotificationChannel,
    NotificationRoute,
)
from workloads.models.notices import Kind, Severity

NO_ANSWER = "No answer within 10 seconds."
Tries = list[tuple[int | None, str]]
STATES: tuple[tuple[str, Kind, str, str, str, Tries], ...] = (
    ("sent", Kind.RUN_ROLLED_BACK, "run-5", "Deploy in billing/production: rolled back", "", [(200, "")]),
    (
        "waiting",
        Kind.INCIDENT_OPENED,
        "incident-1",
        "Incident: 2.4.0 failed its verification",
        "",
        [(None, NO_ANSWER), (503, "It answered 503.")],
    ),
    (
        "failed",
        Kind.RUN_STUCK,
        "run-7",
        "Deploy in billing/production: stuck",
        "The receiver refuses it, so it is not tried again.",
        [(404, "It answered 404 Not Found. no_service")],
    ),
    ("suppressed", Kind.RUN_FAILED, "run-8", "Deploy in newsletter/local: failed", "Told together with a later one.", []),
    ("sending", Kind.AUTOMATION_HELD, "environment-4", "Automation is held in billing/production", "", []),
)


def fill(stage: Stage) -> None:
    """Write them."""
    team = NotificationChannel.objects.create(name="team chat", kind="slack", address="https://hooks.example.org/services/x")
    mail = NotificationChannel.objects.create(name="on call", kind="email", address="oncall@example.org")
    for channel in (team, mail):
        NotificationRoute.objects.create(name=f"everything to {channel.name}", channel=channel)
    place = stage.environments["billing/production"]
    Announcement.objects.update(routed_at=timezone.now())
    for number, (status, kind, subject, title, why, tries) in enumerate(STATES):
        made = _message(place, team if number % 2 else mail, status, kind, subject, title, why)
        for position, (code, error) in enumerate(tries, start=1):
            began = stage.before(minutes=20 - position)
            NotificationAttempt.objects.create(
                notification=made,
                via=made.receiver,
                number=position,
                began_at=began,
                finished_at=began + timedelta(milliseconds=137),
                delivered=code == 200,
                answer_code=code,
                milliseconds=137 if code else 10_004,
                error=error,
            )
        Notification.objects.filter(pk=made.pk).update(attempts=len(tries))


def _message(
    place: Environment, channel: NotificationChannel, status: str, kind: str, subject: str, title: str, why: str
) -> Notification:
    now = timezone.now()
    told = Announcement.objects.create(
        kind=kind,
        severity=Severity.CRITICAL,
        subject=subject,
        application=place.application,
        environment=place,
        title=title,
        text="It is in the run's story, line by line.",
        link="/runs/5/",
        routed_at=now,
    )
    return Notification.objects.create(
        announcement=told,
        receiver=f"channel-{channel.pk}",
        receiver_label=channel.name,
        channel=channel,
        kind=kind,
        subject=subject,
        status=status,
        why=why,
        due_at=now + timedelta(minutes=4),
        asked_at=now,
    )
