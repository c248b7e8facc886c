"""Changes: the only way to an effect on the world. Previewed, hashed, judged, approved, applied once, verified."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.querysets import StateQuerySet
from controlplane.core.secrets import SealedJSONField
from workloads.models.catalog import Environment


class Change(models.Model):
    """One or more typed Actions with preview, hash, risk, status."""

    class Status(models.TextChoices):
        WAITING = "waiting", "waiting for approval"
        APPROVED = "approved"
        APPLYING = "applying"
        APPLIED = "applied"
        FAILED = "failed"
        REJECTED = "rejected"
        REFUSED = "refused", "refused by policy"
        EXPIRED = "expired", "rejected: expired"
        CANCELLED = "cancelled"

    class Risk(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"

    OPEN = (Status.WAITING, Status.APPROVED, Status.APPLYING)

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="changes")
    title = models.CharField(max_length=300, help_text=_("What will happen to what, in one plain sentence."))
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.WAITING)
    # Exactly what was shown: canonical JSON, never re-rendered. The hash binds every decision to these bytes.
    preview = models.BinaryField()
    preview_sha256 = models.CharField(max_length=64)
    risk = models.CharField(max_length=8, choices=Risk.choices)
    reasons = models.JSONField(default=list, help_text=_("Why this risk, in sentences."))
    # The policy's judgement at the time of the proposal.
    quorum = models.PositiveSmallIntegerField()
    required_role = models.CharField(max_length=16)
    policy_approves = models.BooleanField(default=False, help_text=_("The tier's policy approves it by itself."))
    # Who may not decide: requester, commit author, owner of the proposing schedule.
    proposed_by = models.CharField(max_length=200)
    proposers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="proposed_changes", blank=True)
    proposer_emails = ArrayField(models.CharField(max_length=254), default=list)
    run_number = models.BigIntegerField(null=True)
    idempotency_key = models.CharField(max_length=200, unique=True)
    fence = models.BigIntegerField(default=0, help_text=_("The environment's fence when this was approved or applied."))
    override_reason = models.TextField(blank=True)
    refused_because = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True, help_text=_("Approved or not, nothing begins before this moment."))
    # Kept by a window, a stop or a lock (workloads.admission): when to look again; empty when nothing was found to keep it.
    look_again_at = models.DateTimeField(null=True)
    # The exception: one person lets it begin although a window or a stop keeps it.
    excepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="exceptions")
    excepted_because = models.TextField(blank=True)
    excepted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(preview_sha256__regex=r"^[0-9a-f]{64}$"), name="change_has_a_preview_hash"),
            models.CheckConstraint(
                condition=models.Q(quorum__gte=1) | models.Q(policy_approves=True), name="change_needs_somebody"
            ),
            models.UniqueConstraint(
                fields=["environment"], condition=models.Q(status="applying"), name="change_one_applying_an_environment"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["status", "expires_at"], name="change_by_status")]

    def __str__(self) -> str:
        return self.title

    def is_early(self, now: datetime) -> bool:
        """Whether its moment is still to come."""
        return self.not_before is not None and self.not_before > now


class Action(models.Model):
    """One typed effect of a Change, in order."""

    class Kind(models.TextChoices):
        ROLL_OUT = "roll_out", "roll out"
        ROLL_BACK = "roll_back", "roll back"
        PROMOTE = "promote", "keep live"
        RESTORE = "restore", "restore what drifted"
        REPAIR = "repair"

    class Status(models.TextChoices):
        PENDING = "pending"
        STARTED = "started"
        DONE = "done"
        FAILED = "failed"

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="actions")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # Ids and plain values, as typed in workloads.actions; part of the preview.
    parameters = models.JSONField(default=dict)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    result = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["change", "position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["change", "position"], name="action_position_once_a_change")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.change})"


class Former(models.Model):
    """One object as a repair found it before it wrote, so that it can return; None where there was none. Sealed."""

    action = models.OneToOneField(Action, on_delete=models.CASCADE, primary_key=True, related_name="former")
    manifest = SealedJSONField(null=True)
    # What the repair wrote: [[path, keyed digest of the value]], so that a look knows what is not drift.
    written = models.JSONField(default=list)
    kept_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"before {self.action}"


class Approval(models.Model):
    """One person's (or the policy's) immutable decision on one Change hash, with a reason."""

    class Decision(models.TextChoices):
        APPROVE = "approve"
        REJECT = "reject"
        OVERRIDE = "override"

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="approvals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="decisions")
    decided_by = models.CharField(max_length=200)
    decision = models.CharField(max_length=8, choices=Decision.choices)
    reason = models.TextField(blank=True)
    preview_sha256 = models.CharField(max_length=64)
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["change", "person"], name="approval_one_decision_a_person"),
            models.UniqueConstraint(
                fields=["change"], condition=models.Q(person__isnull=True), name="approval_one_decision_of_the_policy"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decided_by}: {self.decision}"
