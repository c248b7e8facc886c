"""The Job that runs a release's steps, migrations first of all, before the release gets traffic."""

from __future__ import annotations

from typing import Any

from workloads.manifests import marks, names, pods
from workloads.manifests.configuration import Names
from workloads.manifests.profile import Profile

Json = dict[str, Any]
COMPONENT = "migrate"
KEPT = 86_400  # seconds that a finished Job and its logs are kept


def job(profile: Profile, given: Names) -> Json | None:
    """One container a step: all but the last as init containers, which run one after the other. Never tried twice by itself."""
    if not profile.steps:
        return None
    containers = [pods.step(profile, number, given, one) for number, one in enumerate(profile.steps, 1)]
    spec: Json = {
        **pods.common(profile, given),
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 30,
        "initContainers": containers[:-1],
        "containers": containers[-1:],
        "volumes": pods.volumes(profile),
    }
    spec = {key: value for key, value in spec.items() if value != []}
    whole: Json = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": profile.options.migration_seconds,
        "ttlSecondsAfterFinished": KEPT,
        "template": {"metadata": {"labels": marks.labels(profile, COMPONENT)}, "spec": spec},
    }
    patched = [dict(patch) for patch in profile.patches if patch.get("kind") == "Job"]
    name = names.joined(marks.prefix(profile), COMPONENT, names.digest([whole, profile.attempt, patched]))
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": marks.metadata(profile, name, COMPONENT), "spec": whole}
