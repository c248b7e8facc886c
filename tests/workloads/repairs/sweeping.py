"""Over many cases: offers are applied to the evidence's objects; their invariants are asked before, after, and at the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from controlplane.core.errors import Refused
from tests.workloads.repairs.shop import Json, carried_out, live, written
from workloads.diagnosis.answers import Standing
from workloads.diagnosis.engine import diagnose
from workloads.diagnosis.snapshot import Snapshot
from workloads.diagnosis.view.cluster import View
from workloads.repairs import Repair, carried_over, invariant, offers, read, undone, wanted
from workloads.repairs.edits import differences, value_at
from workloads.repairs.putting import bare


@dataclass
class Tally:
    """For each fault: cases, offers, and how the invariants of the best offers stand; `wrong` says what should not be."""

    counted: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """One line a fault."""
        for fault, count in sorted(self.counted.items()):
            yield (
                f"{fault:40} {count['cases']:3} cases {count['offers']:3} offers {count['broken']:3} broken before "
                f"{count['holds']:3} hold {count['undecided']:3} undecided {count['end']:3} hold at the end"
            )


def sweep(cases: Iterable[tuple[str, Snapshot]]) -> Tally:
    """Each case whose first hypothesis is a fault."""
    tally = Tally()
    for name, snapshot in cases:
        found = diagnose(snapshot, with_findings=False)
        if found.standing is Standing.FAULT:
            first = found.hypotheses[0]
            count = tally.counted[first.fault]
            count["cases"] += 1
            for number, each in enumerate(offers(View(snapshot), first)):
                count["offers"] += number == 0
                _judge(f"{name} {each.kind}", snapshot, each, count if number == 0 else Counter(), tally.wrong)
    return tally


def _judge(name: str, snapshot: Snapshot, repair: Repair, count: Counter[str], wrong: list[str]) -> None:
    objects: list[Json] = list(snapshot.objects)
    before, made = invariant(repair, objects), written(objects, repair)
    after, end = invariant(repair, made), invariant(repair, carried_out(made))
    count["broken"] += before.holds is False
    count["holds"] += after.holds is True
    count["undecided"] += after.holds is None
    count["end"] += end.holds is True
    if before.holds is not False or after.holds is False or end.holds is not True:
        wrong.append(f"{name}: before {before}, after {after}, at the end {end}")
    if read(repair.as_json()) != repair:
        wrong.append(f"{name}: not the same when it is read again")
    if not _taken_back(objects, repair):
        wrong.append(f"{name}: taken back, it is not as before")
    if other := _declared_otherwise(objects, repair):
        wrong.append(f"{name}: in the file that declares it, {other}")


# What an API server fills in, and no file says.
FILLED_IN = (
    "imagePullPolicy",
    "progressDeadlineSeconds",
    "protocol",
    "restartPolicy",
    "revisionHistoryLimit",
    "schedulerName",
    "strategy",
    "terminationMessagePath",
    "terminationMessagePolicy",
)


def _declared_otherwise(objects: list[Json], repair: Repair) -> str:
    """What the repair comes to in a file without the server's defaults, where that is not what it writes to the object."""
    was = live(objects, repair.ref)
    then = wanted(repair, was)
    if was is None or then is None:
        return ""
    try:
        made = carried_over(repair, was, as_a_file_says(bare(was)))
    except Refused as secret:
        return "" if "never committed" in secret.message else secret.message
    edits = differences(bare(was), bare(then))
    return ", ".join(edit.where for edit in edits if value_at(made, edit.path) != edit.to)


def as_a_file_says(value: Any) -> Any:
    """The same without what a server fills in."""
    if isinstance(value, dict):
        return {name: as_a_file_says(inner) for name, inner in value.items() if name not in FILLED_IN}
    return [as_a_file_says(inner) for inner in value] if isinstance(value, list) else value


def _taken_back(objects: list[Json], repair: Repair) -> bool:
    """Whether the way back leads to what was before, where there is one."""
    was = live(objects, repair.ref)
    back = undone(repair, was)
    if back is None:
        return True
    again = wanted(read(back.as_json()), wanted(repair, was))
    return (again or {}).get("spec") == (was or {}).get("spec") and (again or {}).get("data") == (was or {}).get("data")
