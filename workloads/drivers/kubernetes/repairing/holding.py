"""Whether what a fault broke holds again: looked at on the live objects until it does, or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from controlplane.core.connections import give_back
from controlplane.core.errors import TimonelError
from controlplane.core.redaction import redact
from workloads import repairs
from workloads.adapters.kubernetes.kinds import Json
from workloads.drivers import Outcome
from workloads.drivers.kubernetes import drifting
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.repairing import looking
from workloads.evidence import Evidence
from workloads.models import Former
from workloads.repairs import Held, Ref, Repair
from workloads.verdicts import Verdict

SHORTEST, LONGEST = 0.5, 3.0  # seconds between two looks
STEADY = 2  # looks in a row that must find it to hold
MOST = 40  # looks that are kept as evidence
WORDS = {True: "holds", False: "does not hold", None: "cannot tell yet"}


def until_it_holds(job: Errand, repair: Repair, seconds: float) -> Outcome:
    """Look for so long at most. It holds when it does so twice in a row; what cannot be told is never called well."""
    asked = f"list {', '.join(repairs.reads(repair))} in {job.namespace}"
    return _watch(job, lambda: repairs.invariant(repair, world(job, repair)), seconds, asked)


def until_it_stands_again(job: Errand, former: Former, seconds: float) -> Outcome:
    """Look until every field that the repair of this action wrote is what it was before it."""
    told = former.action.parameters["repair"]["ref"]
    ref = Ref(told["kind"], told["name"], told["namespace"])
    return _watch(job, lambda: _as_before(looking.live(job, ref), ref, former), seconds, f"get {ref.title}")


def _as_before(live: Json | None, ref: Ref, former: Former) -> Held:
    if former.manifest is None:
        return Held(live is None, f"{ref.title} is {'gone again' if live is None else 'still there'}.")
    if live is None:
        return Held(False, f"{ref.title} is not there.")
    before: Any = former.manifest
    paths = [tuple(map(str, path)) for path, _ in former.written]
    other = [drifting.dotted(path) for path in paths if drifting.at(live, path) != drifting.at(before, path)]
    told = f"{ref.title} is as it was before change {former.action.change_id}."
    return Held(False, f"{ref.title}: {', '.join(other[:5])} is not yet what it was.") if other else Held(True, told)


def _watch(job: Errand, look: Callable[[], Held], seconds: float, asked: str) -> Outcome:
    began, pause, steady = time.monotonic(), SHORTEST, 0
    looks: list[tuple[float, Held]] = []
    while True:
        held = _looked(job, look)
        passed = time.monotonic() - began
        if not looks or looks[-1][1] != held:
            looks.append((passed, held))
            job.say(held.why)
        steady = steady + 1 if held.holds else 0
        if steady >= STEADY or (passed + pause > seconds and not steady):
            return _outcome(held, looks, passed, asked)
        give_back()
        time.sleep(pause)
        pause = SHORTEST if steady else min(pause * 1.5, LONGEST)


def _looked(job: Errand, look: Callable[[], Held]) -> Held:
    """One look. What cannot be read is said, and nothing is concluded from it."""
    try:
        held = look()
    except TimonelError as error:
        return Held(None, redact(error.message, job.secrets))
    return Held(held.holds, redact(held.why, job.secrets))


def world(job: Errand, repair: Repair) -> list[Json]:
    """The live objects that the check looks at: those of the namespace, and of the cluster where a kind belongs to it."""
    found: list[Json] = []
    for name in repairs.reads(repair):
        kind = looking.kind_of(name)
        space = job.namespace if kind.namespaced else ""
        ask: Callable[..., list[Json]] = lambda client, kind=kind, space=space: client.listing(kind, space).items  # noqa: E731
        found += looking.patient_for(job, name).ask(ask)
    return found


def _outcome(held: Held, looks: list[tuple[float, Held]], passed: float, asked: str) -> Outcome:
    verdict = {True: Verdict.PASSED, False: Verdict.FAILED, None: Verdict.INCONCLUSIVE}[held.holds]
    rows = [[f"{at:.1f} s", WORDS[one.holds], one.why] for at, one in looks[-MOST:]]
    evidence = Evidence("What the cluster showed", "table", {"columns": ["after", "it", "because"], "rows": rows}, asked, verdict)
    if held.holds:
        return Outcome(verdict, f"{held.why} It holds after {passed:.1f} s.", True, evidence=(evidence,))
    cure = "Undo it, or look at what the evidence names." if held.holds is False else "Look again, or look at the cluster."
    return Outcome(verdict, f"After {passed:.0f} s: {held.why}", True, cure=cure, evidence=(evidence,))
