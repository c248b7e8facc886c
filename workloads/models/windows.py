"""When changes may begin: windows, stops, and who has an environment locked."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from workloads.models.catalog import Application, Environment


class Window(models.Model):
    """A time in which changes may begin (allow), or may not (deny): recurring in wall-clock time, or one span (a freeze)."""

    class Kind(models.TextChoices):
        ALLOW = "allow", _("allow: changes begin only within it (or another one)")
        DENY = "deny", _("deny: no change begins within it")

    name = models.CharField(max_length=100, help_text=_("How people call it, such as “Office hours” or “Summer freeze”."))
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.ALLOW)
    # Where it holds: in one of these, or everywhere.
    environment = models.ForeignKey(Environment, null=True, blank=True, on_delete=models.CASCADE, related_name="windows")
    application = models.ForeignKey(Application, null=True, blank=True, on_delete=models.CASCADE, related_name="windows")
    tier = models.CharField(max_length=16, choices=Environment.Tier.choices, blank=True)
    # When: naive, as clocks in the zone show it.
    starts_on = models.DateField(_("first day"))
    starts_at = models.TimeField(_("begins at"), help_text=_("As clocks in its zone show it."))
    duration = models.DurationField(
        _("lasts"),
        null=True,
        blank=True,
        help_text=_(
            "Hours and minutes as 7:00:00, days as 2 00:00:00. A freeze without it lasts until its end, or until it is ended."
        ),
    )
    zone = models.CharField(max_length=60, default="UTC", help_text=_("A time zone such as Europe/Madrid."))
    rule = models.CharField(
        max_length=500,
        blank=True,
        help_text=_("How it recurs (RFC 5545), such as FREQ=WEEKLY;BYDAY=MO,TU,WE,TH. Empty: once, as a freeze."),
    )
    until = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("With a rule: nothing begins after it. Without: when it ends. In the time zone of this page."),
    )
    rollbacks_pass = models.BooleanField(
        _("rollbacks are let through"), default=True, help_text=_("So that a window does not hold anybody on a broken release.")
    )
    reason = models.CharField(max_length=300, blank=True, help_text=_("Shown to whoever waits."))
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(kind__in=["allow", "deny"]), name="window_kind_is_known"),
            models.CheckConstraint(
                condition=models.Q(environment__isnull=True, application__isnull=True)
                | models.Q(environment__isnull=True, tier="")
                | models.Q(application__isnull=True, tier=""),
                name="window_holds_in_one_place",
                violation_error_message=_("A window holds in one environment, one application, one tier, or everywhere: name one."),
            ),
            models.CheckConstraint(
                condition=models.Q(rule="") | models.Q(duration__isnull=False),
                name="window_that_recurs_has_a_length",
                violation_error_message=_("A window that recurs needs to say how long it lasts, such as 7:00:00."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Stop(models.Model):
    """The stop button: nothing begins in an environment, or anywhere, until somebody who may unlock lifts it."""

    environment = models.ForeignKey(Environment, null=True, on_delete=models.CASCADE, related_name="stops")
    stopped_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)
    rollbacks_pass = models.BooleanField(default=True)
    stopped_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["environment"], condition=models.Q(lifted_at__isnull=True), name="stop_one_at_a_time", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"stop of {self.environment or 'everything'}"


class EnvironmentLock(models.Model):
    """A lease of an environment: while it lasts only its owner's changes are applied there. It ends by itself."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="locks")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="environment_locks")
    owner_label = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)
    taken_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["environment"], condition=models.Q(released_at__isnull=True), name="lock_one_at_a_time"
            ),
            models.CheckConstraint(condition=models.Q(expires_at__gt=models.F("taken_at")), name="lock_expires"),
        ]

    def __str__(self) -> str:
        return f"lock of {self.environment}"

    def holds(self, now: datetime) -> bool:
        """Whether it still does."""
        return self.released_at is None and self.expires_at > now
