"""Releases and the attempts to make them live."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.querysets import StateQuerySet
from controlplane.core.secrets import SealedJSONField
from workloads import refs
from workloads.models.catalog import Application, Environment
from workloads.verdicts import Verdict


class Release(models.Model):
    """One immutable version: commit, artefact digest, configuration digest."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="releases")
    ref = models.CharField(max_length=200)
    commit = models.CharField(max_length=64)
    commit_author = models.CharField(max_length=300, blank=True)
    authored_at = models.DateTimeField(null=True)
    message = models.TextField(blank=True)
    artefact_digest = models.CharField(max_length=64)
    # What runs on a cluster: "registry/repository@sha256:..."; empty where it was never made or named.
    image = models.CharField(max_length=400, blank=True)
    configuration_digest = models.CharField(max_length=64)
    # The variables as they were: {"NAME": {"value": ..., "secret": bool} or {"binding": "database.url"}}; sealed.
    configuration = SealedJSONField()
    # How it runs: workloads.source.project.RunPlan as JSON (processes, release steps, health path, settings module, ...).
    run_plan = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "commit", "artefact_digest", "configuration_digest", "image"], name="release_is_made_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application.name} {self.label}"

    @property
    def label(self) -> str:
        """The ref a person asked for, or the short commit where that was none to read."""
        return refs.readable(self.ref) if self.ref not in {"", "HEAD"} else refs.short(self.commit)


class Deployment(models.Model):
    """One attempt to make a Release live in an Environment, with its verdict."""

    class Kind(models.TextChoices):
        ROLL_OUT = "roll_out", "roll-out"
        ROLL_BACK = "roll_back", "roll-back"

    class Status(models.TextChoices):
        PENDING = "pending"
        APPLYING = "applying"
        VERIFYING = "verifying"
        LIVE = "live"
        SUPERSEDED = "superseded"
        FAILED = "failed"
        ROLLED_BACK = "rolled_back", "rolled back"
        CANCELLED = "cancelled"

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="deployments")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="deployments")
    change = models.OneToOneField("workloads.Change", null=True, on_delete=models.PROTECT, related_name="deployment")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.ROLL_OUT)
    automatic = models.BooleanField(default=False, help_text=_("Begun by Timonel itself, as an automatic rollback is."))
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    verdict = models.CharField(max_length=16, choices=Verdict.choices(), default=Verdict.NOT_EVALUATED)
    verified_at = models.DateTimeField(null=True, help_text=_("When its verdict became 'passed'."))
    evidence = models.JSONField(default=dict)
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    run_number = models.BigIntegerField(null=True, help_text=_("The run that asked for it (agents.Run)."))
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["environment"], condition=models.Q(status="live"), name="deployment_one_live_an_environment"
            ),
            models.UniqueConstraint(
                fields=["environment"],
                condition=models.Q(status__in=["applying", "verifying"]),
                name="deployment_one_at_a_time_an_environment",
            ),
            models.CheckConstraint(
                condition=models.Q(verified_at__isnull=True) | models.Q(verdict="passed"), name="deployment_verified_means_passed"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["environment", "-id"], name="deployment_history"),
            models.Index(fields=["created_at"], name="deployment_by_time"),
            models.Index(
                fields=["environment", "id"],
                condition=models.Q(status__in=["failed", "rolled_back"]),
                name="deployment_ended_badly",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release} to {self.environment.name}"
