"""What pages show of an environment on a cluster: at once what is written down here, and what the cluster itself says."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from controlplane.dashboard.drawing import topology
from controlplane.dashboard.reads.worlds import world
from workloads import formers, pictures
from workloads.models import Change, Diagnosis, Drift, Environment, Instance, Target
from workloads.topology.picture import Picture, Pod, Workload

PODS, ALL_PODS, WARNINGS, JOBS, HISTORY = 50, 1_000, 12, 6, 8
MIGRATION = "migrate"


@dataclass(frozen=True, slots=True)
class Rollout:
    """One set of a release here, and how far it is. `phase` is a word of the vocabulary."""

    instance: Instance
    phase: str
    strategy: str
    set: str
    why: str
    live: bool


def written(environment: Environment) -> dict[str, Any]:
    """What stands in the database: where it runs, how its release came there, what was found to differ."""
    target = Target.objects.select_related("cluster").filter(environment=environment.pk).first()
    drifts = list(Drift.objects.filter(environment=environment.pk).select_related("change")[:HISTORY])
    standing = next((one for one in drifts if one.status == Drift.Status.STANDING), None)
    return {
        "target": target,
        "diagnosis": Diagnosis.objects.filter(environment=environment.pk).defer("hypotheses", "symptoms").first(),
        "rollouts": _rollouts(environment),
        "drift": standing,
        "drifted": world({"world": standing.objects_found[0]}) if standing and standing.objects_found else None,
        "drift_open": bool(standing and standing.change and standing.change.status in Change.OPEN),
        "repaired": _repaired(environment),
        "drift_history": [one for one in drifts if one.status != Drift.Status.STANDING],
    }


def seen(environment: Environment, target: Target, *, every_pod: bool = False) -> dict[str, Any]:
    """What the cluster says, drawn; within the time that a page may take."""
    found = pictures.look(environment, target)
    return {
        "environment": environment,
        "target": target,
        "seen": found,
        **(_drawn(found.picture, every_pod) if found.picture else {}),
    }


def pod(environment: Environment, target: Target, name: str) -> dict[str, Any]:
    """One pod, or why it is not seen."""
    found = pictures.look(environment, target)
    picture = found.picture or Picture()
    one = picture.pod(name)
    about = picture.about(f"Pod/{name}", *([one.workload] if one and one.workload else []))
    return {"environment": environment, "target": target, "seen": found, "pod": one, "name": name, "warnings": about[:WARNINGS]}


def _drawn(picture: Picture, every_pod: bool) -> dict[str, Any]:
    lasting = [one for one in picture.workloads if one.kind != "Job"]
    jobs = [one for one in picture.workloads if one.kind == "Job"]
    pods = _of_interest(picture)
    shown = pods[: ALL_PODS if every_pod else PODS]
    return {
        "picture": picture,
        "share_bars": _bars(picture),
        "workloads": [(one, topology.anchor(one.title)) for one in lasting],
        "drawing": topology.draw(picture),
        "pods": shown,
        "more_pods": len(pods) - len(shown),
        "pod_count": len(pods),
        "every_pod": every_pod,
        "jobs": jobs[:JOBS],
        "migration": next((one for one in jobs if one.component == MIGRATION), None),
        "warnings": picture.warnings[:WARNINGS],
        "more_warnings": len(picture.warnings) - WARNINGS,
        "paths": _paths(picture),
    }


def _repaired(environment: Environment) -> list[tuple[str, Change]]:
    """What approved repairs changed since the release came, and nobody took back: which object, by which change."""
    since = environment.active_instance.created_at if environment.active_instance else None
    if since is None:
        return []
    found = []
    for former in formers.standing(environment.pk):
        change, ref = former.action.change, former.action.parameters["repair"]["ref"]
        if former.written and change.applied_at and change.applied_at > since:
            found.append((f"{ref['kind']}/{ref['name']}", change))
    return found[:HISTORY]


def _bars(picture: Picture) -> list[tuple[str, str]]:
    """Where each version's part of the traffic begins in a bar of 100, and how long it is; as SVG writes numbers."""
    begins = accumulate([0.0, *(share.percent for share in picture.shares)])
    return [(f"{at:.1f}", f"{share.percent:.1f}") for at, share in zip(begins, picture.shares, strict=False)]


def _of_interest(picture: Picture) -> list[Pod]:
    """Those of Jobs that are done have their place with the Jobs."""
    return [one for one in picture.pods if not (one.state == "done" and one.workload.startswith(("Job/", "CronJob/")))]


def _paths(picture: Picture) -> list[tuple[str, str, str, Workload | None]]:
    """The drawing in words: route, service, the state of what they lead to, workload."""
    services = {one.name: one for one in picture.services}
    routed = [(route.title, name) for route in picture.routes for name in route.services]
    routed += [("", one.name) for one in picture.services if one.name not in {name for _, name in routed}]
    found: list[tuple[str, str, str, Workload | None]] = []
    for route, name in routed:
        service = services.get(name)
        if service is None:
            found.append((route, name, "missing", None))
            continue
        found += [(route, name, service.state, picture.workload(title)) for title in service.workloads] or [
            (route, name, service.state, None)
        ]
    led = {one.title for _, _, _, one in found if one}
    return found + [("", "", "", one) for one in picture.workloads if one.lasting and one.title not in led]


def _rollouts(environment: Environment) -> list[Rollout]:
    rows = Instance.objects.filter(environment=environment.pk).exclude(status=Instance.Status.STOPPED)
    found = [_rollout(environment, one) for one in rows.select_related("release__application").order_by("-pk")[:4]]
    return sorted(found, key=lambda one: not one.live)


def _rollout(environment: Environment, instance: Instance) -> Rollout:
    told = instance.rollout
    live = instance.pk == environment.active_instance_id
    phase = str(told.get("phase", ""))
    kept = phase == "switched" and not live
    return Rollout(
        instance, "kept" if kept else phase, str(told.get("strategy", "")), str(told.get("set", "")), str(told.get("why", "")), live
    )
