"""From many hypotheses to a ranked few: one for each cause, causes before their consequences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from workloads.diagnosis.answers import Hypothesis

SURE, LIKELY = 0.5, 0.6
# What a workload shows when something it calls is broken: alone it is a cause, behind a broken callee a consequence.
_FOLLOWS: tuple[str, ...] = (
    "crash_loop",
    "mysql_invalid_port",
    "postgresql_invalid_port",
    "redis_invalid_port",
    "mongodb_invalid_port",
    "pod_network_delay",
    "service_env_var_address_mismatch",
    "liveness_probe_incorrect_timing",
    "deployment_zero_replicas",
    "wsgi_worker_timeout",
    "celery_worker_down",
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A hypothesis and the stage of its family."""

    stage: int
    hypothesis: Hypothesis


def merge(found: Iterable[tuple[int, Hypothesis]]) -> list[Placed]:
    """One hypothesis for each fault and object: the surest, with the evidence of all."""
    kept: dict[tuple[str, str, str], Placed] = {}
    for stage, each in found:
        before = kept.get(each.key)
        if before is None:
            kept[each.key] = Placed(stage, each)
            continue
        first, second = sorted((before.hypothesis, each), key=lambda one: -one.confidence)
        evidence = dict.fromkeys((*first.evidence, *second.evidence))
        together = replace(first, evidence=tuple(evidence)[:8], explains=first.explains | second.explains)
        kept[each.key] = Placed(stage, together)
    return list(kept.values())


def rank(found: list[Placed], calls: Mapping[str, set[str]]) -> tuple[Hypothesis, ...]:
    """The hypotheses, surest first, after consequences gave way to their causes."""
    weighed = [(each, each.hypothesis.confidence * _share(each, found, calls)) for each in found]
    ordered = sorted(weighed, key=lambda pair: (-pair[1], pair[0].stage, pair[0].hypothesis.key))
    return tuple(replace(each.hypothesis, confidence=round(confidence, 3)) for each, confidence in ordered)


def _share(placed: Placed, found: list[Placed], calls: Mapping[str, set[str]]) -> float:
    """How much of its confidence a hypothesis keeps in the light of the others."""
    share = 1.0
    for other in found:
        if other is placed or other.hypothesis.confidence < LIKELY:
            continue
        if _explained(placed, other):
            share = min(share, 0.5)
        elif _earlier(placed, other):
            share = min(share, 0.7)
        elif _follows(placed, other, calls):
            share = min(share, 0.6)
    return share


def _explained(placed: Placed, other: Placed) -> bool:
    """Whether the other's cause explains what shows at this one's object."""
    mine, theirs = placed.hypothesis, other.hypothesis
    if mine.object == theirs.object or mine.object not in theirs.explains:
        return False
    mutual = theirs.object in mine.explains and mine.confidence >= theirs.confidence
    return not mutual


def _earlier(placed: Placed, other: Placed) -> bool:
    """Whether the other stops the same object at an earlier stage; within a stage, the surer one."""
    mine, theirs = placed.hypothesis, other.hypothesis
    if mine.object != theirs.object or mine.namespace != theirs.namespace:
        return False
    return (other.stage, -theirs.confidence) < (placed.stage, -mine.confidence)


def _follows(placed: Placed, other: Placed, calls: Mapping[str, set[str]]) -> bool:
    """Whether this one's workload calls (in one or two steps) the other's, and shows what callers of a broken one show."""
    mine, theirs = placed.hypothesis, other.hypothesis
    if mine.fault not in _FOLLOWS or not (mine.object.startswith("app/") and theirs.object.startswith("app/")):
        return False
    caller, called = mine.object[4:], theirs.object[4:]
    if caller == called or (theirs.fault in _FOLLOWS and caller in calls.get(called, ())):
        return False
    near = calls.get(caller, set())
    return called in near or any(called in calls.get(each, ()) for each in near)
