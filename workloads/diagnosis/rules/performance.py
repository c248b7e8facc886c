"""Performance: slowness begins somewhere and others follow. Rests on metrics and the call graph; alerts stand in for metrics.

What a delay at a workload looks like: it is slow, those that call it are slow, and what it calls looks a little slow to it, all of
it about alike. What a slow callee looks like: it alone of what its callers call. A cause is no rarer and no later than its effect.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.making import measured, suppose
from workloads.diagnosis.rules.measured import Service, retransmits, services
from workloads.diagnosis.view.cluster import View

SMALL_SHARE = 0.3  # a callee whose rise is a smaller share of its caller's may owe it to the caller


@dataclass(frozen=True, slots=True)
class Origin:
    """Where it may begin, and how well that explains what is seen."""

    where: str
    score: float
    covered: frozenset[str]


def slowness(view: View) -> Iterator[Hypothesis]:
    """The workload or node at which slowness begins: which explains the most of what is slow and the least of what is not."""
    found = services(view)
    odd = _odd(view, found)
    if not odd or not _current(view, odd):
        return
    ranked = sorted((_judge(view, name, found, odd) for name in odd), key=lambda each: -each.score)
    losing = _losing(view)
    on_it = {each.name for each in view.workloads if any(pod.node == losing for pod in each.standing_pods)}
    node = losing if len(on_it & set(odd)) > 1 else _node(view, found, odd, ranked[0])
    if node:
        yield _of_node(view, node, odd)
    for place, origin in enumerate(ranked[:3]):
        lead = origin.score - ranked[place + 1].score if place + 1 < len(ranked) else 1.0
        yield _of_service(view, found[origin.where], origin, place, lead, bool(node))


def _odd(view: View, found: Mapping[str, Service]) -> dict[str, Service]:
    """What is to be explained: with alerts about slowness those they name, else what metrics show; what is saturated always."""
    told = {name: each for name, each in found.items() if (each.slow_alert and each.shifted) or each.busy}
    if not view.snapshot.metrics:
        return told | {name: each for name, each in found.items() if each.error_alert} if told else {}
    if any(each.slow_alert for each in told.values()):
        return told
    return told | {name: each for name, each in found.items() if each.slow and each.rise >= 200}


def _current(view: View, odd: Mapping[str, Service]) -> bool:
    """Whether it is going on: an alert about one of them is active, or the last values are still high."""
    if any(each.slow_alert or (each.busy and each.alerts) for each in odd.values()):
        return True
    shown = [change for each in odd.values() for change in (each.slowest, each.most) if change]
    return any(change.last > change.usual + change.rise / 2 and change.rise > 100 for change in shown)


def _weight(each: Service) -> float:
    """How much its trouble is worth explaining."""
    slow = math.log10(1 + each.rise / 10) if each.slow or each.slow_alert else 0.0
    alert = 1.0 if not slow and each.error_alert else 0.5 * each.slow_alert
    return slow + alert + (2.0 if each.busy else 0.0)


def _ancestors(view: View, name: str) -> set[str]:
    """All that call it, directly or not."""
    found: set[str] = set()
    todo = [name]
    while todo:
        for caller in view.callers.get(todo.pop(), ()):
            if caller not in found:
                found.add(caller)
                todo.append(caller)
    return found - {name}


def _owed(each: Service, callee: Service) -> bool:
    """Whether a callee's slowness may be the caller's: much smaller, and not of most of its requests (it has other callers)."""
    most = callee.median_rise >= 0.5 * callee.rise > 0 if callee.most else False
    return callee.rise < SMALL_SHARE * max(each.rise, 1.0) and not most


def _judge(view: View, name: str, found: Mapping[str, Service], odd: Mapping[str, Service]) -> Origin:
    """How well it explains everything if it begins here; without a call graph the greatest change in proportion counts."""
    if not view.calls:
        change = found[name].slowest or found[name].most
        return Origin(name, _weight(odd[name]) + 2 * math.log10(max(1.0, change.ratio if change else 1.0)), frozenset(odd))
    me, callees = found[name], view.calls.get(name, set()) & set(found)
    effects = {callee for callee in callees if (callee in odd or found[callee].slow) and _owed(me, found[callee])}
    covered = ({name} | _ancestors(view, name) | effects) & set(odd)
    score = sum(_weight(odd[each]) for each in covered) - sum(_weight(odd[each]) for each in set(odd) - covered)
    score -= 0.6 * sum(_weight(odd[each]) for each in (callees & set(odd)) - effects)
    if effects and not me.busy:
        # a callee that is slow alone is a cause; several that are slow alike owe it to who calls them
        still = len([each for each in callees if each not in effects | set(odd) and found[each].slowest])
        score -= 0.5 * still * (len(effects) < 2)
        score += 0.4 * len(effects)
    score -= 0.4 * len([each for each in view.callers.get(name, ()) if each not in odd and _calm(found.get(each))])
    return Origin(name, score - _implausible(view, me, odd), frozenset(covered))


def _calm(caller: Service | None) -> bool:
    """Whether a caller is measured, takes requests and is not slow: strange if what it calls were."""
    return bool(caller and caller.slowest and caller.slowest.level > 0)


def _implausible(view: View, me: Service, odd: Mapping[str, Service]) -> float:
    """What speaks against a cause: a caller that was slow before it, or of which more requests are slow."""
    against = 0.0
    for caller in view.callers.get(me.name, ()):
        theirs = odd.get(caller)
        if theirs and theirs.slow and not me.busy:
            rarer = (
                me.most is not None
                and me.most.ratio < 1.5
                and theirs.most is not None
                and theirs.most.ratio > 2.5
                and me.most.level < 0.1 * theirs.most.level
            )
            against += 0.8 * rarer + 0.8 * (me.onset > theirs.onset + 40 > 40)
    return against


def _node(view: View, found: Mapping[str, Service], odd: Mapping[str, Service], best: Origin) -> str:
    """The node whose workloads explain more of what is slow than any one workload does, empty when there is none."""
    if best.covered >= set(odd) or len(odd) < 3:
        return ""
    placed = {each.name: {pod.node for pod in each.standing_pods} for each in view.workloads}
    chances = []
    for node in view.nodes:
        here = {name for name in odd if placed.get(name) == {node.name}}
        roots = {name for name in here if not any(callee in odd and callee not in here for callee in view.calls.get(name, ()))}
        covered = (
            here
            | {caller for name in here for caller in _ancestors(view, name)}
            | {
                callee
                for name in here
                for callee in view.calls.get(name, ())
                if callee in odd and (callee not in found or _owed(found[name], found[callee]))
            }
        )
        missed = sum(_weight(odd[each]) for each in set(odd) - covered)
        if len(here) >= 3 and len(roots) >= 2:
            chances.append((sum(_weight(odd[each]) for each in set(odd) & covered) - missed, node.name, missed))
    if not chances:
        return ""
    score, name, missed = max(chances)
    total = sum(map(_weight, odd.values()))
    unexplained = sum(_weight(odd[each]) for each in set(odd) - best.covered)
    return name if missed < 0.25 * total and unexplained > missed + 0.8 and score > best.score + 0.5 else ""


def _losing(view: View) -> str:
    """The worker node that sends again far more than it did and than the others do, empty when there is none."""
    lost = {node.name: change for node in view.nodes if not view.controls(node) and (change := retransmits(view).get(node.name))}
    if not lost:
        return ""
    name = max(lost, key=lambda each: lost[each].rise)
    others = max((change.rise for node, change in lost.items() if node != name), default=0.0)
    return name if lost[name].rise >= max(2.0, 2 * others) and lost[name].ratio >= 3 else ""


def _of_node(view: View, node: str, odd: Mapping[str, Service]) -> Hypothesis:
    mine, most = retransmits(view).get(node), _losing(view) == node
    here = [each.name for each in view.workloads if any(pod.node == node for pod in each.pods)]
    proofs = [proof for name in here if name in odd for proof in odd[name].proofs()[:1]]
    if mine and most:
        proofs.insert(0, measured(f"retransmissions of {node}", f"{mine.usual:.2f} -> {mine.level:.2f} a second", mine.onset))
    return suppose(
        "node_network_packet_loss" if most else "node_network_delay",
        f"node/{node}",
        "",
        0.86,
        f"What runs on {node} is slow and what calls it follows: the network of the node.",
        proofs,
        explains=[f"app/{name}" for name in odd],
    )


def _of_service(view: View, me: Service, origin: Origin, place: int, lead: float, node: bool) -> Hypothesis:
    namespace = next((each.namespace for each in view.workloads if each.name == me.name), "")
    sure = 0.82 if lead > 0.5 else 0.74
    confidence = (sure if view.calls else 0.6, 0.45, 0.3)[place] * (0.6 if node else 1.0)
    code = "pod_cpu_overload" if me.busy else "pod_network_delay"
    what = "its processor is used up" if me.busy else "its network delays what it sends"
    return suppose(
        code,
        f"app/{me.name}",
        namespace,
        confidence,
        f"Slowness begins at {me.name} ({what}); others follow.",
        me.proofs(),
        explains=[f"app/{each}" for each in origin.covered],
    )


RULES = (slowness,)
