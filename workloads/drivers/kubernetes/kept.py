"""The manifests of an instance as they were applied, kept sealed in a row of their own: nobody who lists instances opens them."""

from __future__ import annotations

from typing import Any

from workloads.drivers.kubernetes import parts
from workloads.drivers.kubernetes.parts import Parts
from workloads.models import Applied, Instance


def parts_of(instance: Instance | None) -> Parts:
    """What was applied for it; nothing for none."""
    if instance is None:
        return Parts()
    row = Applied.objects.filter(instance=instance.pk).first()
    return parts.read(row.manifests) if row else Parts()


def is_kept(instance: Instance) -> bool:
    """Whether its manifests are here, so that it can return."""
    return Applied.objects.filter(instance=instance.pk).exists()


def keep(instance: Instance, made: Parts) -> None:
    """Keep them; what was kept first stays."""
    content: Any = made.as_json()
    Applied.objects.get_or_create(instance=instance, defaults={"manifests": content})
