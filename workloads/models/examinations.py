"""What is found out about an incident, round by round, and what is written about it afterwards."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from workloads.models.changes import Change
from workloads.models.diagnoses import Diagnosis
from workloads.models.findings import Incident


class Examination(models.Model):
    """One round of looking into an incident: what was seen, what changed before, what is known of it, what would mend it."""

    class Standing(models.TextChoices):
        FAULT = "fault"
        HEALTHY = "healthy"
        INCONCLUSIVE = "inconclusive"
        UNSEEN = "not_evaluated", "not evaluated"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="examinations")
    number = models.PositiveIntegerField()
    run_number = models.BigIntegerField()
    round = models.PositiveIntegerField()
    begun_at = models.DateTimeField()
    diagnosis = models.ForeignKey(Diagnosis, null=True, on_delete=models.SET_NULL, related_name="examinations")
    standing = models.CharField(max_length=16, choices=Standing.choices, blank=True)
    summary = models.TextField(blank=True)
    lacking = models.JSONField(default=list)  # what could not be evaluated, in sentences
    onset_at = models.DateTimeField(null=True)  # the first symptom, as far as it is known
    # As workloads.suspects, agents.operations.incidents.recalling and .remedies write them; every text in them is redacted.
    suspects = models.JSONField(default=list)
    passages = models.JSONField(default=list)
    remedies = models.JSONField(default=list)
    change = models.ForeignKey(Change, null=True, on_delete=models.SET_NULL, related_name="examinations")
    checked = models.ForeignKey(Diagnosis, null=True, on_delete=models.SET_NULL, related_name="+")  # after the repair
    recurred = models.CharField(max_length=8, blank=True)  # gone, same, other, unclear

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name_plural = "examinations"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "number"], name="examination_number_once_an_incident"),
            models.UniqueConstraint(fields=["incident", "run_number", "round"], name="examination_once_a_round"),
        ]

    def __str__(self) -> str:
        return f"examination {self.number} of incident {self.incident_id}"


class PostMortem(models.Model):
    """One version of what is written about an incident: drafted by Timonel, then edited by people. Never changed, only followed."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="post_mortems")
    number = models.PositiveIntegerField()
    text = models.TextField()
    drafted = models.BooleanField(default=False)
    written_by = models.CharField(max_length=200)
    written_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["incident", "number"], name="post_mortem_number_once_an_incident")]

    def __str__(self) -> str:
        return f"post-mortem of incident {self.incident_id}, version {self.number}"
