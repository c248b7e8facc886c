"""Numbers as quantities of Kubernetes, in the unit that people use for a resource."""

from __future__ import annotations

import math

GI, MI = 1 << 30, 1 << 20


def is_bytes(resource: str) -> bool:
    """Whether a resource is counted in bytes."""
    return resource.endswith(("memory", "storage")) or "hugepages-" in resource


def rounded_up(value: float, resource: str) -> str:
    """The least round quantity that is no less: whole thousandths of a core, mebibytes, or pieces."""
    if is_bytes(resource):
        pieces = math.ceil(value / MI - 1e-9)
        return f"{pieces // 1024}Gi" if pieces and pieces % 1024 == 0 else f"{pieces}Mi"
    if resource.endswith("cpu"):
        pieces = math.ceil(value * 1000 - 1e-6)
        return str(pieces // 1000) if pieces % 1000 == 0 else f"{pieces}m"
    return str(math.ceil(value - 1e-9))


def rounded_down(value: float, resource: str) -> str:
    """The greatest round quantity that is no more: in steps of ten thousandths of a core and of 16 mebibytes."""
    if is_bytes(resource):
        return f"{math.floor(value / MI / 16) * 16}Mi"
    if resource.endswith("cpu"):
        return f"{math.floor(value * 100 + 1e-6) * 10}m"
    return str(math.floor(value))
