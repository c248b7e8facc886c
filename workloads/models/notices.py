"""Notices: what happened, who is told of it where, and each message with every attempt to deliver it."""

from __future__ import annotations

import uuid
from typing import ClassVar
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from controlplane.core.querysets import StateQuerySet
from controlplane.core.secrets import SealedTextField
from workloads.models.catalog import Application, Environment


class Kind(models.TextChoices):
    """What happened."""

    CHANGE_WAITING = "change_waiting", _("change waits for approval")
    CHANGE_DECIDED = "change_decided", _("change decided")
    CHANGE_EXPIRED = "change_expired", _("change expired")
    CHANGE_APPLIED = "change_applied", _("change applied")
    CHANGE_FAILED = "change_failed", _("change failed")
    RUN_SUCCEEDED = "run_succeeded", _("run succeeded")
    RUN_FAILED = "run_failed", _("run failed")
    RUN_STOPPED = "run_stopped", _("run stopped by a check")
    RUN_ROLLED_BACK = "run_rolled_back", _("run rolled back")
    RUN_STUCK = "run_stuck", _("run stuck")
    INCIDENT_OPENED = "incident_opened", _("incident opened")
    INCIDENT_ESCALATED = "incident_escalated", _("incident needs a person")
    INCIDENT_RESOLVED = "incident_resolved", _("incident resolved")
    AUTOMATION_HELD = "automation_held", _("automation held")
    FINDING_CRITICAL = "finding_critical", _("new critical finding")
    TEST = "test", _("test message")


class Severity(models.TextChoices):
    """How much it matters, mildest first."""

    INFO = "info", _("info")
    WARNING = "warning", _("warning")
    CRITICAL = "critical", _("critical")


CHOSEN_KINDS = [choice for choice in Kind.choices if choice[0] != Kind.TEST]


def check_zone(name: str) -> None:
    """Raise ValidationError unless it is a time zone of the IANA list."""
    if name not in available_timezones():
        raise ValidationError(_("There is no time zone of this name. Write one such as Europe/Madrid, or UTC."))


def _kinds() -> ArrayField[list[str], list[str]]:
    return ArrayField(models.CharField(max_length=20, choices=CHOSEN_KINDS), default=list, blank=True)


class QuietHours(models.Model):
    """Hours of each day in which messages wait, and what is told even then. Both times or none; past midnight if need be."""

    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    quiet_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[check_zone])
    breaks_through = _kinds()

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Quiet hours have a beginning and an end."""
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValidationError({"quiet_until": _("Give both times of the quiet hours, or none.")})


class NotificationChannel(models.Model):
    """Where messages go: an address, sealed, and how to speak to it."""

    class Kind(models.TextChoices):
        SLACK = "slack", _("Slack or compatible")
        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("signed webhook")

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    address = SealedTextField(help_text=_("An https:// address, or for e-mail name@example.org. It is not shown again."))
    signing_key = SealedTextField(null=True, blank=True, help_text=_("For webhooks: 16 characters or more, known to the receiver."))
    private = models.BooleanField(default=False, help_text=_("The address is of your own network: it need not be public."))
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=["slack", "email", "webhook"]), name="notification_channel_kind_is_known")
        ]

    def __str__(self) -> str:
        return self.name


class NotificationRoute(QuietHours):
    """What is told where: an announcement that fits goes to the channel. What is left empty fits everything."""

    name = models.CharField(max_length=100, unique=True)
    channel = models.ForeignKey(NotificationChannel, on_delete=models.CASCADE, related_name="routes")
    kinds = _kinds()
    application = models.ForeignKey(Application, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    environment = models.ForeignKey(Environment, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    tier = models.CharField(max_length=16, choices=Environment.Tier.choices, blank=True)
    minimum_severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.INFO)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name


class NotificationSettings(QuietHours):
    """What one person wants to be told by e-mail."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_settings")
    kinds = _kinds()

    class Meta:
        verbose_name_plural = "notification settings"

    def __str__(self) -> str:
        return f"notifications of {self.person}"


class Announcement(models.Model):
    """Something happened: written in its transaction, routed to receivers after it."""

    kind = models.CharField(max_length=20, choices=Kind.choices)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    subject = models.CharField(max_length=40, help_text=_("What it is about, such as run-7: messages about it stay in order."))
    application = models.ForeignKey(Application, null=True, on_delete=models.CASCADE, related_name="+")
    environment = models.ForeignKey(Environment, null=True, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    link = models.CharField(max_length=200, help_text=_("The path of its page."))
    created_at = models.DateTimeField(auto_now_add=True)
    routed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="announcement_unrouted", condition=Q(routed_at__isnull=True)),
            models.Index(fields=["created_at"], name="announcement_by_time"),
        ]

    def __str__(self) -> str:
        return self.title


class Notification(models.Model):
    """One message to one receiver, `channel-<id>` or `person-<id>`. Its status is written by workloads.notices only."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("to be sent")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        SUPPRESSED = "suppressed", _("not sent on purpose")

    class PutOff(models.TextChoices):
        NOT = "", _("not put off")
        QUIET = "quiet", _("until the quiet hours end")
        FLOOD = "flood", _("until the flood is over")

    UNFINISHED = (Status.WAITING, Status.SENDING)
    ENDED = (Status.SENT, Status.FAILED, Status.SUPPRESSED)

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="notifications")
    receiver = models.CharField(max_length=40)
    receiver_label = models.CharField(max_length=150)
    channel = models.ForeignKey(NotificationChannel, null=True, on_delete=models.SET_NULL, related_name="notifications")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    route = models.ForeignKey(NotificationRoute, null=True, on_delete=models.SET_NULL, related_name="+")
    # Of its announcement, for order, floods and filters:
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.CharField(max_length=40)
    # Goes with the message at every attempt, so that a receiver can tell a repeat.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    why = models.TextField(blank=True, help_text=_("Why it was not sent."))
    put_off = models.CharField(max_length=5, choices=PutOff.choices, blank=True, default="")
    folded_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="folded")
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField(help_text=_("From when on a day of attempts counts."))
    attempts = models.PositiveIntegerField(default=0, help_text=_("Since it was asked for; the log has every attempt."))
    # Whoever sends it takes the next fence, and holds it until the lease has passed.
    fence = models.BigIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["announcement", "receiver"], name="notification_once_a_receiver"),
            models.UniqueConstraint(fields=["receiver"], condition=Q(status="sending"), name="notification_one_sending_a_receiver"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="notification_unfinished", condition=Q(status__in=["waiting", "sending"])),
            models.Index(fields=["receiver", "subject", "announcement"], name="notification_by_subject"),
            models.Index(fields=["receiver", "kind", "ended_at"], name="notification_by_kind_told", condition=Q(status="sent")),
            models.Index(fields=["channel", "-id"], name="notification_by_channel"),
            models.Index(fields=["status", "-id"], name="notification_by_status"),
            models.Index(fields=["kind", "-id"], name="notification_by_kind"),
            models.Index(fields=["created_at"], name="notification_by_time"),
        ]

    def __str__(self) -> str:
        return f"notification {self.pk} to {self.receiver_label}"


class NotificationAttempt(models.Model):
    """One attempt to deliver one message: when, what was answered, how long it took. Without an end: its worker was lost."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="tries")
    via = models.CharField(max_length=40, help_text=_("What was spoken to: the channel, or the mail server of all e-mail."))
    number = models.PositiveIntegerField()
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    delivered = models.BooleanField(null=True)
    answer_code = models.PositiveIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [models.Index(fields=["via", "-id"], name="attempt_by_way")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.notification_id}"
