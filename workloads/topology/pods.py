"""A pod: the one word for how it is, and everything its own page tells."""

from __future__ import annotations

from workloads.topology.containers import Said, Used, containers, together
from workloads.topology.picture import Condition, Container, Pod
from workloads.topology.reading import Json, labels, named, release
from workloads.unchecked import EMPTY, rows, word

STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})


def pod(item: Json, workload: str, parent: str, used: Used, said: Said) -> Pod:
    """The pod of this workload; `parent` is what its name begins with."""
    found = tuple(containers(item, used, said))
    state, reason, message = standing(item, found)
    lasting = [one for one in found if one.role != "init"]
    label, number = release(labels(item))
    return Pod(
        name=named(item),
        short=_short(item, parent),
        workload=workload,
        release=label or (str(number) if number else ""),
        set=word(item, "metadata", "labels", "timonel.dev/set"),
        node=word(item, "spec", "nodeName"),
        address=word(item, "status", "podIP"),
        created_at=word(item, "metadata", "creationTimestamp"),
        state=state,
        reason=reason,
        message=said(message),
        restarts=sum(one.restarts for one in found),
        containers=found,
        conditions=conditions(item, said),
        cpu=together(one.cpu for one in lasting),
        memory=together(one.memory for one in lasting),
    )


def standing(item: Json, found: tuple[Container, ...]) -> tuple[str, str, str]:
    """Its state, the cluster's word for it, and its message."""
    phase = word(item, "status", "phase")
    if word(item, "metadata", "deletionTimestamp"):
        return "leaving", "", ""
    if phase == "Succeeded":
        return "done", "", ""
    if phase == "Failed":
        ended = next((one for one in found if one.state == "ended" and one.reason not in {"", "Completed"}), None)
        return "failing", word(item, "status", "reason") or (ended.reason if ended else "Failed"), word(item, "status", "message")
    if (scheduled := _condition(item, "PodScheduled")).get("status") == "False":
        return "waiting", word(scheduled, "reason") or "Unschedulable", word(scheduled, "message")
    if unwell := next((told for one in found if (told := _trouble(one))), None):
        return "failing", *unwell
    if _condition(item, "Ready").get("status") == "True":
        return "ready", "", ""
    running = [one for one in found if one.role == "app" and one.state == "running"]
    if phase == "Running" and running and not any(one.state == "waiting" for one in found):
        return "unready", "", word(_condition(item, "Ready"), "message")
    return "starting", next((one.reason for one in found if one.state == "waiting"), ""), ""


def conditions(item: Json, said: Said) -> tuple[Condition, ...]:
    """What the cluster says of it."""
    return tuple(
        Condition(
            word(one, "type"), word(one, "status"), word(one, "reason"), said(word(one, "message")), word(one, "lastTransitionTime")
        )
        for one in rows(item, "status", "conditions")
    )


def _short(item: Json, parent: str) -> str:
    """What it is and what tells it from its siblings: "web-green w8n4b"."""
    marks = labels(item)
    kind = "-".join(found for name in ("app.kubernetes.io/component", "timonel.dev/set") if (found := word(marks, name)))
    own = named(item).removeprefix(f"{parent}-") if parent else named(item)
    return f"{kind} {own}" if kind and parent else own


def _trouble(one: Container) -> tuple[str, str] | None:
    """Why this container keeps the pod from being well."""
    if one.state == "waiting" and one.reason not in STARTING:
        said = one.message or (f"exit code {one.last.exit_code}" if one.last and one.last.exit_code is not None else "")
        word = "OOMKilled" if one.reason == "CrashLoopBackOff" and one.last and one.last.reason == "OOMKilled" else one.reason
        return word, said
    if one.state == "ended" and one.last and one.last.exit_code:
        return one.reason or "Error", one.message or f"exit code {one.last.exit_code}"
    return None


def _condition(item: Json, kind: str) -> Json:
    return next((one for one in rows(item, "status", "conditions") if one.get("type") == kind), EMPTY)
