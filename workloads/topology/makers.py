"""Workloads: what makes pods, how many it should and does, and what limits it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workloads.topology.containers import Said, together
from workloads.topology.picture import Pod, Scaler, Workload
from workloads.topology.reading import Json, chosen, image, labels, named, ours, release
from workloads.unchecked import rows, table, whole, word

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


def workload(kind: str, item: Json, pods: Sequence[Pod], scalers: Iterable[Json], budgets: Iterable[Json], said: Said) -> Workload:
    """One of them with its pods."""
    wanted, ready = sizes(kind, item)
    template = table(item, "spec", "jobTemplate", "spec", "template") if kind == "CronJob" else table(item, "spec", "template")
    marks = {**labels(item), **labels(template)}
    label, number = release(marks)
    trouble = said(_trouble(item))
    return Workload(
        kind=kind,
        name=named(item),
        component=word(marks, "app.kubernetes.io/component"),
        ours=ours(item),
        release=label or (str(number) if number else ""),
        release_number=number,
        set=word(marks, "timonel.dev/set"),
        state=state(kind, item, pods, wanted, ready, trouble),
        trouble=trouble,
        wanted=wanted,
        ready=ready,
        restarts=sum(pod.restarts for pod in pods),
        image=image(said(word((rows(template, "spec", "containers") or ({},))[0], "image"))),
        created_at=word(item, "metadata", "creationTimestamp"),
        ended_at=word(item, "status", "completionTime") or _ended_at(item),
        pods=tuple(sorted(pods, key=lambda pod: pod.name)),
        scaler=_scaler(kind, named(item), scalers),
        budget=_budget(labels(template), budgets),
        cpu=together(pod.cpu for pod in pods if pod.state != "done"),
        memory=together(pod.memory for pod in pods if pod.state != "done"),
    )


def sizes(kind: str, item: Json) -> tuple[int, int]:
    """How many it should be, and how many are ready (of Jobs: are done)."""
    spec, status = table(item, "spec"), table(item, "status")
    if kind == "DaemonSet":
        return whole(status, "desiredNumberScheduled"), whole(status, "numberReady")
    if kind == "Job":
        return (whole(spec, "completions") or 1), whole(status, "succeeded")
    if kind == "CronJob":
        return 0, 0
    wanted = spec.get("replicas")
    return (wanted if isinstance(wanted, int) else 1), whole(status, "readyReplicas")


def state(kind: str, item: Json, pods: Sequence[Pod], wanted: int, ready: int, trouble: str) -> str:
    """One word."""
    if kind == "Job":
        return _job(item)
    if kind == "CronJob":
        return "suspended" if table(item, "spec").get("suspend") else "scheduled"
    if trouble or any(pod.troubled for pod in pods):
        return "failing"
    if wanted == 0 and ready == 0:
        return "idle"
    updated = whole(item, "status", "updatedReplicas")
    rolled = kind != "Deployment" or updated >= wanted
    seen = whole(item, "status", "observedGeneration") >= whole(item, "metadata", "generation")
    return "ready" if ready >= wanted and rolled and seen else "rolling"


def _job(item: Json) -> str:
    for one in rows(item, "status", "conditions"):
        if one.get("status") == "True" and one.get("type") in {"Complete", "Failed"}:
            return "done" if one["type"] == "Complete" else "failed"
    return "suspended" if table(item, "spec").get("suspend") else "running"


def _trouble(item: Json) -> str:
    """The controller's own word that it does not get on."""
    for one in rows(item, "status", "conditions"):
        stuck = one.get("type") == "Progressing" and one.get("reason") == "ProgressDeadlineExceeded"
        failed = one.get("type") in {"ReplicaFailure", "Failed"} and one.get("status") == "True"
        if stuck or failed:
            return word(one, "message") or word(one, "reason")
    return ""


def _ended_at(item: Json) -> str:
    ended = [one for one in rows(item, "status", "conditions") if one.get("type") == "Failed"]
    return word(ended[0], "lastTransitionTime") if ended else ""


def _scaler(kind: str, name: str, scalers: Iterable[Json]) -> Scaler | None:
    for item in scalers:
        target = table(item, "spec", "scaleTargetRef")
        if (target.get("kind"), target.get("name")) == (kind, name):
            least = whole(item, "spec", "minReplicas") or 1
            return Scaler(named(item), least, whole(item, "spec", "maxReplicas"), whole(item, "status", "currentReplicas"))
    return None


def _budget(marks: Json, budgets: Iterable[Json]) -> str:
    """What a disruption must leave, in the cluster's own numbers: "minAvailable 1"."""
    for item in budgets:
        if chosen(table(item, "spec", "selector", "matchLabels"), marks):
            for name in ("minAvailable", "maxUnavailable"):
                if table(item, "spec").get(name) is not None:
                    return f"{name} {item['spec'][name]}"
    return ""
