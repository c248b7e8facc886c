"""Facts that tools reported, where they were seen, and incidents."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from controlplane.core.querysets import StateQuerySet
from workloads import refs
from workloads.models.catalog import Application, Environment
from workloads.models.releases import Deployment


class Finding(models.Model):
    """One fact a tool reported: rule, severity, place, fingerprint."""

    class Severity(models.TextChoices):
        INFO = "info"
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"
        CRITICAL = "critical"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="findings")
    tool = models.CharField(max_length=40)
    rule = models.CharField(max_length=200)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    path = models.CharField(max_length=500, blank=True)
    line = models.PositiveIntegerField(null=True)
    message = models.TextField()
    cure = models.TextField(blank=True)
    # Of tool, rule, path and the text of the line: the same fact on another line number keeps its fingerprint.
    fingerprint = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    new = models.BooleanField(default=False, help_text="When it was last seen, it was not there at what that was held against.")
    fixed_at = models.DateTimeField(null=True, help_text="When a look of its tool at the newest commit saw it no more.")
    suppressed_reason = models.TextField(blank=True)
    suppressed_by = models.CharField(max_length=200, blank=True)
    suppressed_until = models.DateTimeField(null=True, blank=True)
    # Its place in a list, the greater the earlier: the worst first, of equals the newest. Unique, so a page can go on from it.
    rank = models.GeneratedField(
        expression=Case(
            *(When(severity=severity, then=Value(grade << 48)) for grade, severity in enumerate(Severity.values)),
            default=Value(0),
            output_field=models.BigIntegerField(),
        )
        + F("id"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "fingerprint"], name="finding_fingerprint_once_an_application")
        ]
        indexes: ClassVar = [
            models.Index(fields=["rank"], name="finding_standing", condition=Q(fixed_at__isnull=True)),
            models.Index(fields=["rank"], name="finding_fixed", condition=Q(fixed_at__isnull=False)),
            models.Index(fields=["rank"], name="finding_new", condition=Q(new=True, fixed_at__isnull=True)),
            models.Index(fields=["application", "rank"], name="finding_of_application"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.path}:{self.line or ''}"


class Report(models.Model):
    """A report of a tool that ran elsewhere, as it was received: what it found at one commit, against another one."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="reports")
    # Of a look at a cluster: where it looked.
    environment = models.ForeignKey(Environment, null=True, on_delete=models.CASCADE, related_name="reports")
    tool = models.CharField(max_length=40)
    format = models.CharField(max_length=16)
    commit = models.CharField(max_length=64)
    base_commit = models.CharField(max_length=64, blank=True, help_text=_("What it was held against; empty: the first look."))
    sha256 = models.CharField(max_length=64)
    facts = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    continuing = models.PositiveIntegerField(default=0)
    fixed = models.PositiveIntegerField(default=0)
    suppressed = models.PositiveIntegerField(default=0)
    received_by = models.CharField(max_length=200)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["application", "tool", "-id"], name="report_history")]

    def __str__(self) -> str:
        return f"{self.tool} at {refs.short(self.commit)}"


class Sighting(models.Model):
    """A finding seen at one commit, by one run or in one report."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="sightings")
    commit = models.CharField(max_length=64)
    run_number = models.BigIntegerField(null=True)
    report = models.ForeignKey(Report, null=True, on_delete=models.CASCADE, related_name="sightings")
    new = models.BooleanField(help_text=_("Not there at the commit that was live."))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["finding", "run_number"], name="sighting_once_a_run"),
            models.UniqueConstraint(fields=["finding", "report"], name="sighting_once_a_report"),
            models.CheckConstraint(
                condition=models.Q(run_number__isnull=False, report__isnull=True)
                | models.Q(run_number__isnull=True, report__isnull=False),
                name="sighting_has_one_source",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run_number"], name="sighting_by_run"),
            models.Index(fields=["commit"], name="sighting_by_commit"),
        ]

    def __str__(self) -> str:
        return f"{self.finding} at {refs.short(self.commit)}"


class Incident(models.Model):
    """A symptom in an environment, from alert to verified repair."""

    class Status(models.TextChoices):
        OPEN = "open"
        MITIGATED = "mitigated"
        RESOLVED = "resolved"

    class Opener(models.TextChoices):
        ALERT = "alert", _("alerts")
        DEPLOYMENT = "deployment", _("a deployment")
        LOOK = "look", _("a look at what runs")
        PERSON = "person", _("a person")

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="incidents")
    deployment = models.OneToOneField(Deployment, null=True, on_delete=models.PROTECT, related_name="incident")
    title = models.CharField(max_length=300)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    evidence = models.JSONField(default=dict)
    run_number = models.BigIntegerField(null=True)
    # The newest run of the workflow `incident` that looks after it; and what that holds to be wrong, in a sentence.
    response = models.BigIntegerField(null=True)
    diagnosed = models.CharField(max_length=300, blank=True)
    # What a person chose to be done instead of the best remedy: {"key", "by", "by_id", "at"}.
    chosen = models.JSONField(null=True)
    # It needs a person: when that was found, and why.
    escalated_at = models.DateTimeField(null=True)
    escalated_because = models.TextField(blank=True)
    opener = models.CharField(max_length=12, choices=Opener.choices, default=Opener.PERSON)
    # What groups it (workloads.grouping): name and object of its alerts, or fault and object. Empty: it stands for itself.
    cause = models.CharField(max_length=200, blank=True)
    about = models.CharField(max_length=253, blank=True, help_text=_("The object it shows at, as kind/name, where that is known."))
    alert_count = models.PositiveIntegerField(default=0)
    firing_count = models.PositiveIntegerField(default=0)
    reopened = models.PositiveIntegerField(default=0, help_text=_("How often it came back shortly after its end."))
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    # Of one that comes and goes: when people are told that it is over, if it stays so.
    tell_end_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["environment"], condition=models.Q(status__in=["open", "mitigated"]), name="incident_unresolved"),
            models.Index(fields=["environment", "cause", "-id"], condition=~models.Q(cause=""), name="incident_by_cause"),
            models.Index(fields=["tell_end_at"], condition=models.Q(tell_end_at__isnull=False), name="incident_end_untold"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(status="resolved", resolved_at__isnull=False) | ~models.Q(status="resolved"),
                name="incident_resolved_has_a_time",
            ),
            models.UniqueConstraint(
                fields=["environment", "cause"],
                condition=models.Q(status__in=["open", "mitigated"]) & ~models.Q(cause=""),
                name="incident_one_unresolved_a_cause",
            ),
        ]

    def __str__(self) -> str:
        return self.title
