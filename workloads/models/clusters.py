"""Clusters, and where on them environments run."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.querysets import StateQuerySet
from controlplane.core.secrets import SealedTextField
from workloads.models.catalog import NAME, Environment


class Cluster(models.Model):
    """A Kubernetes cluster with the identities Timonel uses there: one to read, one to write."""

    class Kind(models.TextChoices):
        KUBECONFIG = "kubeconfig", "kubeconfig"
        IN_CLUSTER = "in_cluster", "the cluster Timonel runs in"
        EKS = "eks", "Amazon EKS"

    name = models.CharField(max_length=63, unique=True, validators=[NAME])
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.KUBECONFIG)
    server = models.CharField(max_length=500, blank=True, editable=False, help_text=_("The address of its API."))
    # Kubeconfigs with one context each; sealed, never shown again. Without one to write, the one to read writes.
    read_credentials = SealedTextField(null=True, blank=True, editable=False)
    write_credentials = SealedTextField(null=True, blank=True, editable=False)
    # Amazon EKS: the token comes from boto3, with the credentials of the machine or of a role.
    aws_region = models.CharField(max_length=32, blank=True)
    aws_cluster = models.CharField(max_length=100, blank=True)
    aws_role = models.CharField(max_length=200, blank=True, help_text=_("ARN of a role to assume; empty: as this machine."))
    prometheus_url = models.CharField(max_length=500, blank=True)
    alertmanager_url = models.CharField(max_length=500, blank=True)
    # The last look: the server's version, and each right with whether it is there.
    version = models.CharField(max_length=32, blank=True, editable=False)
    rights = models.JSONField(default=list, editable=False)
    trouble = models.CharField(max_length=500, blank=True, editable=False)  # why it could not be asked, the last time
    checked_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Target(models.Model):
    """Where on a cluster an environment runs, how a release is rolled out there, and what its manifests look like."""

    class Strategy(models.TextChoices):
        ROLLING = "rolling"
        BLUE_GREEN = "blue_green", "blue-green"
        CANARY = "canary"

    class Mode(models.TextChoices):
        APPLY = "apply", "Timonel applies"
        COMMIT = "commit", "Timonel commits, Argo CD or Flux syncs"
        PULL_REQUEST = "pull_request", "Timonel opens a pull request, Argo CD or Flux syncs"

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, related_name="target")
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="targets")
    namespace = models.CharField(max_length=63, validators=[NAME])
    strategy = models.CharField(max_length=16, choices=Strategy.choices, default=Strategy.ROLLING)
    mode = models.CharField(max_length=16, choices=Mode.choices, default=Mode.APPLY)
    # What the manifests are made with (workloads.manifests.options); empty: as proposed.
    options = models.JSONField(default=dict, blank=True)
    # Strategic merge patches over what is generated: [{"kind", "name", ...}].
    patches = models.JSONField(default=list, blank=True)
    image_repository = models.CharField(max_length=300, blank=True, help_text=_("Where images are pushed: registry/team/name."))
    dockerfile = models.CharField(
        max_length=200, blank=True, help_text=_("The application's own, such as docker/Dockerfile; empty: one is made for it.")
    )
    # What we have there: [{"title", "api", "kind"}], so that it is found again even where our labels were taken away.
    inventory = models.JSONField(default=list, editable=False)
    drift_looked_at = models.DateTimeField(null=True, editable=False)
    drift_trouble = models.CharField(max_length=300, blank=True, editable=False)
    findings_looked_at = models.DateTimeField(null=True, editable=False)
    findings_trouble = models.CharField(max_length=300, blank=True, editable=False)
    # What the last looks concluded, and how many in a row the same.
    noticed = models.CharField(max_length=200, blank=True, editable=False)
    noticed_times = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "namespace"], name="target_one_environment_a_namespace"),
        ]

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace}"


class Drift(models.Model):
    """What on a cluster is no longer as it was applied: found by a look, the same until it changes, over or mended."""

    class Status(models.TextChoices):
        STANDING = "standing"
        MENDED = "mended"
        OVER = "over", "no longer there"

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="drifts")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.STANDING)
    # [{"kind", "name", "what", "diff", "by": [{"manager", "at"}], ...}], secrets masked; the digest tells two findings apart.
    objects_found = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    change = models.ForeignKey("workloads.Change", null=True, on_delete=models.SET_NULL, related_name="+")
    found_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["environment"], condition=models.Q(status="standing"), name="drift_one_standing_an_environment"
            ),
        ]

    def __str__(self) -> str:
        return f"drift of {self.environment} since {self.found_at:%Y-%m-%d %H:%M}"
