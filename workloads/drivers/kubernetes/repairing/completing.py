"""What a repair does not say because nobody may read it in a row: the values of a Secret that Timonel applied."""

from __future__ import annotations

from dataclasses import replace

from controlplane.core.errors import Refused
from workloads.drivers.kubernetes import kept
from workloads.drivers.kubernetes.errand import Errand
from workloads.repairs import Repair


def completed(job: Errand, repair: Repair) -> Repair:
    """The repair as it is written. Raises Refused for a Secret that is not of what runs."""
    if not repair.parameters.get("applied"):
        return repair
    applied = kept.parts_of(job.environment.active_instance).lasting
    found = next(
        (item for item in applied if repair.ref.kind == item["kind"] and repair.ref.name == item["metadata"]["name"]), None
    )
    if found is None:
        raise Refused(
            f"Timonel did not apply {repair.ref.title} for what runs here.", cure="Create it from where its values are kept."
        )
    return replace(repair, parameters={**repair.parameters, "object": found})
