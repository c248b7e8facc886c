"""Alerts as they were told: each a row, with the incident that it belongs to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from workloads.models.catalog import Environment
from workloads.models.findings import Incident
from workloads.models.hooks import WebhookSource


class Alert(models.Model):
    """One alert of one sender within one incident, through all that was told of it. Written by workloads.alerts only."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="alerts")
    source = models.ForeignKey(WebhookSource, null=True, on_delete=models.SET_NULL, related_name="alerts")
    incident = models.ForeignKey(
        Incident, null=True, on_delete=models.CASCADE, related_name="alerts", help_text=_("None: it was over before it was told.")
    )
    # SHA-256 of its fingerprint and all of its labels: what makes it this alert.
    identity = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64, help_text=_("As its sender has it."))
    name = models.CharField(max_length=200)
    cause = models.CharField(max_length=200, help_text=_("What groups it with others (workloads.grouping)."))
    summary = models.CharField(max_length=300, blank=True)
    severity = models.CharField(max_length=200, blank=True)
    labels = models.JSONField(default=dict)
    url = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(help_text=_("When it began to fire, the last time."))
    ended_at = models.DateTimeField(null=True, help_text=_("When it was over; empty while it fires."))
    told = models.PositiveIntegerField(default=0, help_text=_("How many deliveries told of it."))
    fired = models.PositiveIntegerField(default=0, help_text=_("How often it began to fire."))
    first_told_at = models.DateTimeField()
    last_told_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "identity", "incident"], name="alert_once_an_incident"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["environment", "source", "identity", "-id"], name="alert_newest"),
            models.Index(fields=["incident", "ended_at"], name="alert_of_incident"),
            models.Index(fields=["environment", "cause"], condition=models.Q(incident__isnull=True), name="alert_of_none"),
        ]

    def __str__(self) -> str:
        return self.name
