"""Inquiries: questions about an environment, and what was found for them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from agents.models.readings import Reading
from workloads.models import Diagnosis, Environment, Incident


class Inquiry(models.Model):
    """A question about an environment: what Timonel itself found for it, and, with its reading, what a model made of that.

    Asked by agents.inquiries; what was found and answered is written by agents.readings.writing, under the reading's lease.
    """

    class Stance(models.TextChoices):
        AGREES = "agrees"
        DISAGREES = "disagrees"
        CANNOT_TELL = "cannot_tell"

    reading = models.OneToOneField(Reading, on_delete=models.CASCADE, related_name="inquiry")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="inquiries")
    incident = models.ForeignKey(Incident, null=True, on_delete=models.SET_NULL, related_name="inquiries")
    # What the engine concluded that the answer stands beside.
    diagnosis = models.ForeignKey(Diagnosis, null=True, on_delete=models.SET_NULL, related_name="inquiries")
    question = models.TextField()
    language = models.CharField(max_length=10)
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    cancelled_by = models.CharField(max_length=200, blank=True)
    # What kept Timonel itself from looking, in words.
    trouble = models.TextField(blank=True)
    # As agents.investigating.ledger writes it: what Timonel found before a model was asked, and what the answer names.
    evidence = models.JSONField(default=list)
    # The model's: {"text", "evidence": [ids]}, only those that rest on something.
    claims = models.JSONField(default=list)
    stance = models.CharField(max_length=12, choices=Stance.choices, blank=True)  # of the model towards the engine
    differs = models.JSONField(default=dict)  # where it disagrees: {"text", "evidence": [ids]}
    unknown = models.JSONField(default=list)  # what could not be told, in the model's words
    dropped = models.PositiveSmallIntegerField(default=0)  # claims that rested on nothing

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["environment", "-id"], name="inquiry_of_environment")]

    def __str__(self) -> str:
        return f"question {self.pk} about {self.environment}"
