"""Deployments: one a process."""

from __future__ import annotations

from typing import Any

from workloads.manifests import marks, pods
from workloads.manifests.choices import Choice
from workloads.manifests.configuration import Names
from workloads.manifests.profile import Profile

Json = dict[str, Any]
HISTORY, DEADLINE = 5, 600
LINTER, POLARIS = "ignore-check.kube-linter.io", "polaris.fairwinds.com"
LET_BE = "one process that ends when it fails; asking it would cost a start of the application"


def deployment(profile: Profile, choice: Choice, given: Names) -> Json:
    """A process's Deployment. Where something scales it, the number of replicas is left to that."""
    component = marks.component(choice.process.name)
    spec: Json = {} if choice.autoscale else {"replicas": choice.replicas}
    spec |= {
        "revisionHistoryLimit": HISTORY,
        "progressDeadlineSeconds": DEADLINE,
        "selector": {"matchLabels": marks.selector(profile, component, set_of(profile, component))},
        "strategy": _strategy(choice),
        "template": pods.template(profile, choice, given),
    }
    metadata = marks.metadata(profile, marks.named(profile, component), component, of_set=component == "web")
    metadata["annotations"] = dict(
        sorted({**metadata.get("annotations", {}), **marks.running(profile), **_exemptions(choice)}.items())
    )
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def set_of(profile: Profile, component: str) -> str:
    """Only web processes come in sets: of workers and beat there is one, the live release's."""
    return profile.set if component == "web" else ""


def _strategy(choice: Choice) -> Json:
    """Never fewer ready than wanted; of a scheduler never two."""
    if choice.alone:
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}


def _exemptions(choice: Choice) -> dict[str, str]:
    """Why public checkers need not complain."""
    found = {f"{LINTER}/no-anti-affinity": "topologySpreadConstraints spread the pods"}
    if choice.alone:
        found[f"{POLARIS}/deploymentMissingReplicas-exempt"] = "true"
    if not choice.web:
        found |= {
            f"{LINTER}/no-readiness-probe": "nothing connects to it",
            f"{POLARIS}/readinessProbeMissing-exempt": "true",
        }
    if not choice.web and not choice.ping:
        found |= {f"{LINTER}/no-liveness-probe": LET_BE, f"{POLARIS}/livenessProbeMissing-exempt": "true"}
    return found
