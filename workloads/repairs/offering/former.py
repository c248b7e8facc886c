"""Where the evidence tells how a workload was meant or was before: what is declared, was last applied, ran in a former revision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.assembly import latest_set
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.edits import Edit, differences, masked
from workloads.repairs.effects.workloads import RESTARTED
from workloads.repairs.offering import finding
from workloads.repairs.offering.applied import last_applied
from workloads.repairs.values import Repair
from workloads.unchecked import Table, labels, table, whole, word

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"
NEW = 6 * 3600.0  # seconds: how long a revision may be suspected for being new
Touches = Callable[[Edit], bool]


@dataclass(frozen=True, slots=True)
class Source:
    """A pod template that is better founded than the live one, and what it is."""

    template: Table
    told: str

    @property
    def spec(self) -> Table:
        """Its pod spec."""
        return table(self.template, "spec")


def sources(view: View, workload: Workload) -> Iterator[Source]:
    """The templates to take a value from, best first: declared, last applied, of former revisions."""
    declared = finding.declared(view, workload.kind, workload.namespace, workload.name)
    if declared:
        yield Source(table(declared, "spec", "template"), "as declared")
    if applied := last_applied(workload.obj):
        yield Source(table(applied, "spec", "template"), "as last applied")
    for obj in former_sets(workload):
        yield Source(table(obj, "spec", "template"), f"as in revision {revision(obj)}")


def revision(obj: Table) -> str:
    """The revision of a ReplicaSet."""
    return labels(obj, "metadata", "annotations").get(REVISION, "")


def former_sets(workload: Workload) -> list[Table]:
    """The ReplicaSets of former revisions: those with ready pods first, then the latest."""
    current = latest_set(workload.sets)
    sets = [each for each in workload.sets if each is not current and table(each, "spec", "template")]

    def order(obj: Table) -> tuple[bool, int]:
        text = revision(obj)
        return whole(obj, "status", "readyReplicas") > 0, int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    return sorted(sets, key=order, reverse=True)


def returning(view: View, hypothesis: Hypothesis, touches: Touches) -> Iterator[Repair]:
    """The former template, where what the fault is about was another there: the latest such one, surer where it still has pods."""
    found = finding.lasting(view, hypothesis)
    if found is None or found.kind != "Deployment":
        return
    for obj in former_sets(found):
        edits = list(_edits(found, obj))
        if not any(touches(edit) for edit in edits) or any(masked(edit.to) for edit in edits):
            continue
        ready = whole(obj, "status", "readyReplicas")
        what = ", ".join(edit.where.removeprefix("spec.") for edit in edits[:3]) + (" ..." if len(edits) > 3 else "")
        still = f", {ready} of its pods are ready" if ready else ""
        parameters = {
            "revision": revision(obj),
            "replica_set": word(obj, "metadata", "name"),
            "edits": [edit.as_json() for edit in edits],
        }
        summary = f"Return Deployment {found.name} to the template of revision {revision(obj)} ({what}{still})"
        yield Repair("return_template", finding.ref(found), parameters, summary, hypothesis.fault, hypothesis.object)
        return


def _edits(workload: Workload, obj: Table) -> Iterator[Edit]:
    """From the live template to that of a ReplicaSet, without what controllers add."""
    former = dict(table(obj, "spec", "template"))
    metadata = dict(table(former, "metadata"))
    metadata["labels"] = {key: value for key, value in labels(metadata, "labels").items() if key != HASH}
    former["metadata"] = {key: value for key, value in metadata.items() if key != "creationTimestamp"}
    live = dict(workload.template)
    live["metadata"] = {key: value for key, value in table(live, "metadata").items() if key != "creationTimestamp"}
    for edit in differences(live, former):
        if RESTARTED not in edit.path and not (edit.path == ("metadata", "annotations") and _only_mark(edit)):
            yield edit


def _only_mark(edit: Edit) -> bool:
    sides = [side for side in (edit.was, edit.to) if isinstance(side, dict)]
    return all(set(side) <= {RESTARTED} for side in sides)


def touching(*words: str) -> Touches:
    """Edits whose path has one of these words; of a whole that comes or goes (a container), what is inside counts."""

    def touches(edit: Edit) -> bool:
        inside = [str(part) for part in edit.path]
        for side in (edit.was, edit.to):
            inside += list(side) if isinstance(side, dict) else []
        return any(name in inside for name in words)

    return touches


def unsettled(view: View, workload: Workload) -> bool:
    """Whether the latest revision is new or never got on: a former one still has its pods, or it is some hours old at most."""
    made = seconds(word(latest_set(workload.sets), "metadata", "creationTimestamp"))
    young = bool(made and view.now) and view.now - made < NEW
    return young or any(whole(each, "status", "readyReplicas") > 0 for each in former_sets(workload))


def returning_lately(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The former template whatever differs in it, for a fault that may have any cause: only where the latest is new."""
    found = finding.lasting(view, hypothesis)
    if found is not None and unsettled(view, found):
        yield from returning(view, hypothesis, lambda edit: edit.path[0] == "spec")


def returning_by(*words: str) -> Callable[[View, Hypothesis], Iterator[Repair]]:
    """An offer of the former template, for faults about these fields."""

    def offer(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
        yield from returning(view, hypothesis, touching(*words))

    return offer
