"""Snapshots that are kept: who took which evidence, when, of what."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from workloads.models.catalog import Environment
from workloads.models.clusters import Cluster


class Snapshot(models.Model):
    """An immutable bundle of evidence in a folder below DATA_DIR. The row stays when the folder is pruned."""

    environment = models.ForeignKey(Environment, null=True, on_delete=models.SET_NULL, related_name="snapshots")
    cluster = models.ForeignKey(Cluster, null=True, on_delete=models.SET_NULL, related_name="snapshots")
    namespace = models.CharField(max_length=63, blank=True)  # empty: the whole cluster
    symptom = models.TextField(blank=True)
    folder = models.CharField(max_length=200, blank=True)  # below DATA_DIR; empty once pruned
    sha256 = models.CharField(max_length=64)  # of the manifest of all files
    files = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField()  # bytes
    # Which kinds of evidence it holds and what kept others out: {"logs": {"state": "partly", "why": [...]}, ...}
    coverage = models.JSONField(default=dict)
    observed_at = models.DateTimeField()
    collected_at = models.DateTimeField()
    taken_by = models.CharField(max_length=200)
    pruned_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["environment", "-collected_at"], name="snapshot_of_environment")]

    def __str__(self) -> str:
        return f"snapshot {self.pk} of {self.environment or self.cluster or self.namespace or 'what is gone'}"
