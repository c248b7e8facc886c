"""What was last applied to an object, as kubectl writes it down on it."""

from __future__ import annotations

import json

from workloads.unchecked import EMPTY, Table, labels

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LONGEST = 500_000


def last_applied(obj: Table) -> Table:
    """The configuration last applied with kubectl; empty where there is none, or none that can be read."""
    text = labels(obj, "metadata", "annotations").get(APPLIED, "")
    try:
        found = json.loads(text) if 0 < len(text) <= LONGEST else EMPTY
    except (ValueError, RecursionError):
        return EMPTY
    return found if isinstance(found, dict) else EMPTY
