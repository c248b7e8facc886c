"""Diagnoses that are kept: what was found to be wrong where, on which evidence, asked for by whom."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from controlplane.core.querysets import StateQuerySet
from workloads.models.catalog import Environment
from workloads.models.findings import Incident
from workloads.models.snapshots import Snapshot


class Diagnosis(models.Model):
    """A diagnosis of what runs on a cluster: asked for, made once of one Snapshot, never changed after."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        WORKING = "working"
        DONE = "done"
        FAILED = "failed"

    OPEN = (Status.WAITING, Status.WORKING)

    class Verdict(models.TextChoices):
        FAULT = "fault"
        HEALTHY = "healthy"
        INCONCLUSIVE = "inconclusive"
        ERROR = "error"

    environment = models.ForeignKey(Environment, null=True, on_delete=models.CASCADE, related_name="diagnoses")
    incident = models.ForeignKey(Incident, null=True, on_delete=models.SET_NULL, related_name="diagnoses")
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.SET_NULL, related_name="diagnoses")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)
    summary = models.TextField(blank=True)
    # As workloads.diagnosis.answers writes them; every text in them is redacted.
    hypotheses = models.JSONField(default=list)
    symptoms = models.JSONField(default=list)
    missing = models.JSONField(default=list)  # kinds of evidence that were not collected
    problems = models.JSONField(default=list)  # what was collected and could not be read
    trouble = models.CharField(max_length=500, blank=True)  # why it could not be made
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    maker = models.CharField(max_length=100, blank=True)  # the run that makes it itself, so that its next worker goes on
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["environment", "-id"], name="diagnosis_of_environment")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["environment"],
                condition=models.Q(status__in=["waiting", "working"]),
                name="diagnosis_one_open_an_environment",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="done") | (~models.Q(verdict="") & models.Q(finished_at__isnull=False)),
                name="diagnosis_done_has_a_verdict",
            ),
        ]

    def __str__(self) -> str:
        return f"diagnosis {self.pk} of {self.environment or 'a cluster'}"
