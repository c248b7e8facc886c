"""What Timonel applied to an environment's cluster, as evidence may hold it: what should be there, without any secret's value."""

from __future__ import annotations

from workloads.drivers.kubernetes import kept
from workloads.models import Environment, Instance, Target
from workloads.snapshots.veil import Json


def manifests_of(environment: Environment) -> tuple[Json, ...]:
    """The manifests of the instance that should be running there; empty where nothing was applied yet."""
    target = Target.objects.filter(environment=environment.pk).first()
    if target is None:
        return ()
    return tuple(_bare(item, target.namespace) for item in kept.parts_of(_standing(environment, target)).lasting)


def _standing(environment: Environment, target: Target) -> Instance | None:
    """The live instance. Rolling replaces it in its place, so there the newest that is wanted counts, live or not."""
    live = Instance.objects.filter(pk=environment.active_instance_id or 0).first()
    if live is not None and target.strategy != Target.Strategy.ROLLING:
        return live
    wanted = Instance.objects.filter(environment=environment.pk, wanted=Instance.Wanted.RUNNING, applied__isnull=False)
    return wanted.order_by("-pk").first() or live


def _bare(item: Json, namespace: str) -> Json:
    """Of a Secret only its name: a snapshot reads no more of it, so no more can be held against it."""
    if item["kind"] != "Secret":
        return item
    metadata = {"name": item["metadata"]["name"], "namespace": item["metadata"].get("namespace", namespace)}
    return {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": metadata}
