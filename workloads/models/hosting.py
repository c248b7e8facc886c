"""What drivers run: one row a copy of a release (on a cluster: a set of it), wanted and observed state side by side."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.querysets import StateQuerySet
from controlplane.core.secrets import SealedJSONField
from workloads.models.catalog import Environment
from workloads.models.releases import Release


class Instance(models.Model):
    """One running copy of a release in an environment. The driver writes what is wanted, the host what it observes."""

    class Wanted(models.TextChoices):
        RUNNING = "running"
        STOPPED = "stopped"

    class Status(models.TextChoices):
        PENDING = "pending"
        STARTING = "starting"
        RUNNING = "running"
        CRASHING = "crashing"
        STOPPING = "stopping"
        STOPPED = "stopped"

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="instances")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="instances")
    key = models.CharField(max_length=200, unique=True, help_text=_("Idempotency key of the action that made it."))
    folder = models.CharField(max_length=500, blank=True, help_text=_("Its source on this machine; empty on a cluster."))
    port = models.PositiveIntegerField(null=True, help_text=_("Where its web process listens on 127.0.0.1."))
    wanted = models.CharField(max_length=8, choices=Wanted.choices, default=Wanted.RUNNING)
    stop_after = models.DateTimeField(null=True, help_text=_("Kept this long after the switch, for an instant rollback."))
    replaced = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Who had the stable address before: the way back."),
    )
    # Background processes (worker, beat) run for the routed instance only, so that no task is run by two versions.
    background = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    # {"web": {"pid", "created", "restarts", "exit_code", "exited_at", "next_start_at"}}
    processes = models.JSONField(default=dict)
    # On a cluster: how far the roll-out is: {"strategy", "set", "phase", "why", "shown": what the approved preview said}.
    rollout = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    observed_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["environment"], name="instance_wanted", condition=models.Q(wanted="running"))]

    def __str__(self) -> str:
        return f"{self.release} in {self.environment.name}"


class Applied(models.Model):
    """The objects of an instance on a cluster exactly as they were applied, secrets among them: so they return. Sealed."""

    instance = models.OneToOneField(Instance, on_delete=models.CASCADE, primary_key=True, related_name="applied")
    manifests = SealedJSONField()

    def __str__(self) -> str:
        return f"manifests of {self.instance}"


class Sample(models.Model):
    """CPU and memory of one process of an instance at one time; requests as its address saw them."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="samples")
    at = models.DateTimeField()
    process = models.CharField(max_length=40)
    cpu_percent = models.FloatField(null=True, help_text=_("Of one core, since the sample before."))
    memory_bytes = models.BigIntegerField(null=True, help_text=_("Resident, with its children."))
    requests = models.PositiveIntegerField(null=True, help_text=_("Answered since the sample before (web only)."))
    errors = models.PositiveIntegerField(null=True, help_text=_("Of those, with 5xx or no answer."))
    latency_p99_ms = models.FloatField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["instance", "at"], name="sample_by_time")]

    def __str__(self) -> str:
        return f"{self.process} of {self.instance} at {self.at:%H:%M:%S}"
