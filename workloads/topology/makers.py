"""Workloads: what makes pods, how many it should and does, and what limits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from workloads.topology.containers import Said, together
from workloads.topology.picture import Pod, Scaler, Workload
from workloads.topology.reading import Json, chosen, count, image, labels, listed, named, ours, part, release, text

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


def workload(kind: str, item: Json, pods: Sequence[Pod], scalers: Iterable[Json], budgets: Iterable[Json], said: Said) -> Workload:
    """One of them with its pods."""
    wanted, ready = sizes(kind, item)
    template = part(item, "spec", "jobTemplate", "spec", "template") if kind == "CronJob" else part(item, "spec", "template")
    marks = {**labels(item), **labels(template)}
    label, number = release(marks)
    trouble = said(_trouble(item))
    return Workload(
        kind=kind,
        name=named(item),
        component=text(marks, "app.kubernetes.io/component"),
        ours=ours(item),
        release=label or (str(number) if number else ""),
        release_number=number,
        set=text(marks, "timonel.dev/set"),
        state=state(kind, item, pods, wanted, ready, trouble),
        trouble=trouble,
        wanted=wanted,
        ready=ready,
        restarts=sum(pod.restarts for pod in pods),
        image=image(said(text((listed(template, "spec", "containers") or ({},))[0], "image"))),
        created_at=text(item, "metadata", "creationTimestamp"),
        ended_at=text(item, "status", "completionTime") or _ended_at(item),
        pods=tuple(sorted(pods, key=lambda pod: pod.name)),
        scaler=_scaler(kind, named(item), scalers),
        budget=_budget(labels(template), budgets),
        cpu=together(pod.cpu for pod in pods if pod.state != "done"),
        memory=together(pod.memory for pod in pods if pod.state != "done"),
    )


def sizes(kind: str, item: Json) -> tuple[int, int]:
    """How many it should be, and how many are ready (of Jobs: are done)."""
    spec, status = part(item, "spec"), part(item, "status")
    if kind == "DaemonSet":
        return count(status, "desiredNumberScheduled"), count(status, "numberReady")
    if kind == "Job":
        return (count(spec, "completions") or 1), count(status, "succeeded")
    if kind == "CronJob":
        return 0, 0
    wanted = spec.get("replicas")
    return (wanted if isinstance(wanted, int) else 1), count(status, "readyReplicas")


def state(kind: str, item: Json, pods: Sequence[Pod], wanted: int, ready: int, trouble: str) -> str:
    """One word."""
    if kind == "Job":
        return _job(item)
    if kind == "CronJob":
        return "suspended" if part(item, "spec").get("suspend") else "scheduled"
    if trouble or any(pod.troubled for pod in pods):
        return "failing"
    if wanted == 0 and ready == 0:
        return "idle"
    updated = count(item, "status", "updatedReplicas")
    whole = kind != "Deployment" or updated >= wanted
    seen = count(item, "status", "observedGeneration") >= count(item, "metadata", "generation")
    return "ready" if ready >= wanted and whole and seen else "rolling"


def _job(item: Json) -> str:
    for one in listed(item, "status", "conditions"):
        if isinstance(one, Mapping) and one.get("status") == "True" and one.get("type") in {"Complete", "Failed"}:
            return "done" if one["type"] == "Complete" else "failed"
    return "suspended" if part(item, "spec").get("suspend") else "running"


def _trouble(item: Json) -> str:
    """The controller's own word that it does not get on."""
    for one in listed(item, "status", "conditions"):
        if not isinstance(one, Mapping):
            continue
        stuck = one.get("type") == "Progressing" and one.get("reason") == "ProgressDeadlineExceeded"
        failed = one.get("type") in {"ReplicaFailure", "Failed"} and one.get("status") == "True"
        if stuck or failed:
            return text(one, "message") or text(one, "reason")
    return ""


def _ended_at(item: Json) -> str:
    ended = [one for one in listed(item, "status", "conditions") if isinstance(one, Mapping) and one.get("type") == "Failed"]
    return text(ended[0], "lastTransitionTime") if ended else ""


def _scaler(kind: str, name: str, scalers: Iterable[Json]) -> Scaler | None:
    for item in scalers:
        target = part(item, "spec", "scaleTargetRef")
        if (target.get("kind"), target.get("name")) == (kind, name):
            least = count(item, "spec", "minReplicas") or 1
            return Scaler(named(item), least, count(item, "spec", "maxReplicas"), count(item, "status", "currentReplicas"))
    return None


def _budget(marks: Json, budgets: Iterable[Json]) -> str:
    """What a disruption must leave, in the cluster's own numbers: "minAvailable 1"."""
    for item in budgets:
        if chosen(part(item, "spec", "selector", "matchLabels"), marks):
            for name in ("minAvailable", "maxUnavailable"):
                if part(item, "spec").get(name) is not None:
                    return f"{name} {item['spec'][name]}"
    return ""
