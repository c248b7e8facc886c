"""What ran before Timonel came, kept as an instance like any other: so that the first release has a way back."""

from __future__ import annotations

from controlplane.core.actors import Actor
from workloads import deployments
from workloads.adopting import routing
from workloads.adopting.matching import Matched
from workloads.adopting.running import Json, Running, cleaned, name_of, title
from workloads.drivers.kubernetes import kept, rows
from workloads.drivers.kubernetes.parts import Parts
from workloads.models import Environment, Instance, Release


def keep(actor: Actor, environment: Environment, release: Release, matched: Matched, running: Running) -> Instance:
    """The instance that has the traffic now, its objects exactly as they are; touches nothing on the cluster.

    An Ingress that ours does not take over is not among them: it is nobody's to remove.
    """
    own = routing.own_ingress(matched, name_of(matched.service)) if matched.service else None
    made = Parts(
        web=tuple(cleaned(item) for item in [matched.web] if item is not None),
        service=cleaned(matched.service) if matched.service else None,
        background=tuple(cleaned(item) for item in matched.background),
        around=(cleaned(own),) if own is not None else (),
    )
    instance = Instance.objects.create(
        environment=environment,
        release=release,
        key=f"found-{environment.pk}-{release.pk}",
        status=Instance.Status.RUNNING,
        background=True,
        rollout={"strategy": made.strategy, "set": "", "phase": rows.SWITCHED},
    )
    kept.keep(instance, made)
    Environment.objects.filter(pk=environment.pk).update(active_instance=instance, routed_instance=instance)
    environment.refresh_from_db(fields=["active_instance", "routed_instance"])
    whole, told = _stands(running, matched)
    deployments.found(actor, environment, release, whole=whole, evidence={"summary": f"Found running: {told}."})
    return instance


def _stands(running: Running, matched: Matched) -> tuple[bool, str]:
    """Whether every pod that is wanted is ready, by the cluster's own probes."""
    told, whole = [], True
    for item in matched.workloads:
        wanted, ready = int(item["spec"].get("replicas", 1)), sum(_ready(pod) for pod in running.pods_of(item))
        told.append(f"{title(item)} {ready} of {wanted} pods ready")
        whole = whole and 0 < wanted <= ready
    return whole, ", ".join(told)


def _ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
