"""Runs of workflow graphs, their steps, and the numbered lines of their story."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.querysets import StateQuerySet
from workloads.models import Change, Environment
from workloads.verdicts import Verdict


class Run(models.Model):
    """One execution of a workflow graph. Its status is written by agents.runs only."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        WAITING = "waiting", "waiting for approval"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        STOPPED = "stopped", "stopped by a check"
        REFUSED = "refused"
        ROLLED_BACK = "rolled_back", "rolled back"
        CANCELLED = "cancelled"
        STUCK = "stuck"

    ENDED = (Status.SUCCEEDED, Status.FAILED, Status.STOPPED, Status.REFUSED, Status.ROLLED_BACK, Status.CANCELLED)

    workflow = models.CharField(max_length=40)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    # What was asked: {"ref": ..., "named": how people call it, "variables": {...sealed names only}}; never a secret.
    input = models.JSONField(default=dict)
    # What came of it: {"summary", "cure", "deployment", "verdicts": {...}}.
    result = models.JSONField(default=dict)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="runs")
    requested_by_label = models.CharField(max_length=200)
    idempotency_key = models.CharField(max_length=200, unique=True)
    waiting_for = models.ForeignKey(Change, null=True, on_delete=models.PROTECT, related_name="+")
    # It waits for nobody: it rests until this moment, and others may run meanwhile.
    resume_at = models.DateTimeField(null=True)
    # The lease: who drives the run now and until when; the fence grows with every claim.
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    claims = models.PositiveIntegerField(default=0, help_text=_("Claims without progress since; too many and it is stuck."))
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.CharField(max_length=200, blank=True)
    last_event = models.BigIntegerField(default=0)
    woken_at = models.DateTimeField(null=True, help_text=_("When a worker was last asked to drive it."))
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(status="running", lease_expires_at__isnull=False) | ~models.Q(status="running"),
                name="run_running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=models.Q(status="waiting", waiting_for__isnull=False)
                | models.Q(status="waiting", resume_at__isnull=False)
                | ~models.Q(status="waiting"),
                name="run_waiting_names_for_what",
            ),
            models.UniqueConstraint(
                fields=["environment"], condition=models.Q(status="running"), name="run_one_running_an_environment"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["environment", "-id"], name="run_history"),
            models.Index(fields=["status"], name="run_unfinished", condition=models.Q(finished_at__isnull=True)),
            models.Index(fields=["created_at"], name="run_by_time"),
            models.Index(fields=["requested_by_label"], name="run_by_asker", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {self.pk}"

    @property
    def state(self) -> str:
        """Its status for people: `scheduled` when what it waits for is approved, and only its time has not come; `resting`
        when it waits for no decision, only for a moment.
        """
        if self.status == self.Status.WAITING and self.resume_at is not None:
            return "resting"
        waited = self.waiting_for
        scheduled = waited is not None and self.status == self.Status.WAITING and waited.status == Change.Status.APPROVED
        return "scheduled" if scheduled else self.status


class Step(models.Model):
    """One node of a run, one attempt."""

    class Status(models.TextChoices):
        RUNNING = "running"
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"
        LOST = "lost", "lost with its worker"
        CANCELLED = "cancelled"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    node = models.CharField(max_length=60)
    attempt = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.RUNNING)
    verdict = models.CharField(max_length=16, choices=Verdict.choices(), blank=True)
    summary = models.TextField(blank=True)
    cure = models.TextField(blank=True)
    # What it rests on: a list of agents.evidence.Evidence as JSON (title, kind, data), redacted.
    evidence = models.JSONField(default=list)
    fence = models.BigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "node", "attempt"], name="step_attempt_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["node", "started_at"], include=["finished_at", "status", "verdict", "run"], name="step_by_node")
        ]

    def __str__(self) -> str:
        return f"{self.node} of {self.run}"


class RunEvent(models.Model):
    """One numbered line of a run's story. Appended only; partitioned by day."""

    class Level(models.TextChoices):
        DEBUG = "debug"
        INFO = "info"
        WARNING = "warning"
        ERROR = "error"

    pk = models.CompositePrimaryKey("run_id", "number", "day")
    run = models.ForeignKey(Run, on_delete=models.DO_NOTHING, related_name="events", db_constraint=False)
    number = models.BigIntegerField()
    day = models.DateField()
    at = models.DateTimeField()
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.INFO)
    node = models.CharField(max_length=60, blank=True)
    # `line` (output of a tool), `note` (what Timonel says), `step`, `status`.
    kind = models.CharField(max_length=16, default="note")
    text = models.TextField()

    class Meta:
        ordering: ClassVar = ["run_id", "number"]

    def __str__(self) -> str:
        return f"{self.run_id}#{self.number} {self.text}"
