"""From owner references to workloads: which controller at the top made which ReplicaSets and pods."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from workloads.diagnosis.view.pods import Pod
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import Table, dig, labels, rows, word

TOP = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", "ReplicationController")
Key = tuple[str, str, str]
_HASH = re.compile(r"-[a-z0-9]{5,10}$")


def key_of(obj: Table) -> Key:
    """Kind, namespace and name."""
    return word(obj, "kind"), word(obj, "metadata", "namespace"), word(obj, "metadata", "name")


def controller_of(obj: Table) -> Key | None:
    """The controller an object says it belongs to."""
    for owner in rows(obj, "metadata", "ownerReferences"):
        if dig(owner, "controller") is True or len(rows(obj, "metadata", "ownerReferences")) == 1:
            return word(owner, "kind"), word(obj, "metadata", "namespace"), word(owner, "name")
    return None


def assemble(by_kind: dict[str, list[Table]]) -> list[Workload]:
    """All workloads of the objects, with their sets and pods."""
    known = {key_of(obj): obj for kind in TOP for obj in by_kind.get(kind, ())}
    pods: dict[Key, list[Pod]] = defaultdict(list)
    sets: dict[Key, list[Table]] = defaultdict(list)
    for obj in by_kind.get("Pod", ()):
        pods[_top(obj, known)].append(Pod(obj))
    for obj in by_kind.get("ReplicaSet", ()):
        sets[_top(obj, known)].append(obj)
    tops = [key for key, obj in known.items() if _top(obj, known) == key]
    strays = [key for key in pods if key not in known]
    return [*(_made(key, known[key], pods, sets) for key in tops), *_strays(strays, pods)]


def _made(key: Key, obj: Table, pods: dict[Key, list[Pod]], sets: dict[Key, list[Table]]) -> Workload:
    kind, namespace, name = key
    return Workload(kind, name, namespace, obj, tuple(pods.get(key, ())), tuple(sets.get(key, ())))


def _strays(keys: Iterable[Key], pods: dict[Key, list[Pod]]) -> Iterable[Workload]:
    """Pods without a controller in the objects: bare ones, and those whose controller was not collected."""
    for key in keys:
        kind, namespace, name = key
        members = pods[key]
        yield Workload("Pod" if kind == "Pod" else kind, name, namespace, members[0].obj if kind == "Pod" else {}, tuple(members))


def _top(obj: Table, known: dict[Key, Table]) -> Key:
    """The topmost controller of an object: as far as references lead, at most five steps."""
    key, current = key_of(obj), obj
    for _ in range(5):
        owner = controller_of(current)
        if owner is None or owner[0] not in TOP:
            return key
        if owner not in known:
            return _guessed(owner, obj, known)
        key, current = owner, known[owner]
    return key


def _guessed(owner: Key, obj: Table, known: dict[Key, Table]) -> Key:
    """The Deployment of a ReplicaSet that was not collected: its name without the template's hash."""
    kind, namespace, name = owner
    mark = labels(obj, "metadata", "labels").get("pod-template-hash", "")
    short = name.removesuffix(f"-{mark}") if mark else _HASH.sub("", name)
    deployment = ("Deployment", namespace, short)
    return deployment if kind == "ReplicaSet" and deployment in known else owner


def latest_set(sets: Sequence[Table]) -> Table:
    """The ReplicaSet of the current revision."""

    def revision(obj: Table) -> int:
        text = word(obj, "metadata", "annotations", "deployment.kubernetes.io/revision")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    return max(sets, key=revision, default={})
