"""Readings: what a model wrote about something that had happened already."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from agents.models.calls import ModelCall
from agents.models.endpoints import ModelEndpoint
from agents.models.runs import Run, Step
from controlplane.core.querysets import StateQuerySet
from workloads.models import Change


class Reading(models.Model):
    """What a model wrote about a run, step or change, or for an inquiry, beside the facts it rests on. Decides nothing.

    Asked for by agents.readings.asked, written by agents.readings.writing; no other module writes its status.
    """

    class Kind(models.TextChoices):
        PLAN = "plan"
        FAILURE = "failure"
        FINDINGS = "findings"
        INQUIRY = "inquiry"

    class Status(models.TextChoices):
        QUEUED = "queued"
        READING = "reading"
        WRITTEN = "written"
        NOT_ADDED = "not_added", "not added"
        CANCELLED = "cancelled"

    UNFINISHED = (Status.QUEUED, Status.READING)

    kind = models.CharField(max_length=12, choices=Kind.choices)
    # What it is about, once: `plan-change-7`, `failure-run-7-412`. Asked for twice, the first one is found.
    key = models.CharField(max_length=100, unique=True)
    run = models.ForeignKey(Run, null=True, on_delete=models.CASCADE, related_name="readings")
    step = models.ForeignKey(Step, null=True, on_delete=models.CASCADE, related_name="readings")
    change = models.ForeignKey(Change, null=True, on_delete=models.CASCADE, related_name="+")
    specialist = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUEUED)
    why_not = models.TextField(blank=True)
    text = models.TextField(blank=True)
    # In the model's order: {"text", "level": low | medium | high, "facts": [ids]}.
    risks = models.JSONField(default=list)
    # The ids it rests on, in its order, and what each is: {"id", "title", "place"}; a place is a part of the subject's page.
    facts = models.JSONField(default=list)
    # What did not fit into the question, in words.
    left_out = models.TextField(blank=True)
    # What the model wrote that was not kept, and why, in words.
    not_kept = models.TextField(blank=True)
    endpoint = models.ForeignKey(ModelEndpoint, null=True, on_delete=models.SET_NULL, related_name="+")
    model = models.CharField(max_length=200, blank=True)
    calls = models.ManyToManyField(ModelCall, related_name="readings")
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(run__isnull=False) | models.Q(change__isnull=False) | models.Q(kind="inquiry"),
                name="reading_is_about_something",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="reading") | models.Q(lease_expires_at__isnull=False), name="reading_has_a_lease"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status"], name="reading_unfinished", condition=models.Q(status__in=["queued", "reading"])),
        ]

    def __str__(self) -> str:
        return self.key
