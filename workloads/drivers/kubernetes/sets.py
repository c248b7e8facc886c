"""Blue-green and canary: two sets of pods side by side, and the stable Service that selects one of them, or both."""

from __future__ import annotations

from workloads.drivers.kubernetes import analysis, checking, kept, parts, rolling, routes, rows
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.sizes import full_size, share
from workloads.drivers.kubernetes.waiting import Ready
from workloads.models import Instance
from workloads.rollout import Phase


class Unsure(Exception):
    """The analysis of a step could not tell: a person is asked, and the canary stays where it is."""

    def __init__(self, judged: analysis.Analysis) -> None:
        super().__init__(judged.summary)
        self.judged = judged


def give_all(errand: Errand, instance: Instance, made: Parts) -> Ready:
    """The whole of the traffic: full size, the stable Service, background, a look through the stable address."""
    rows.note(errand.environment, instance, rows.SWITCHING)
    for item in made.web:
        errand.pen.put(parts.scaled(item, full_size(errand, made, item, instance.replaced)), force=True)
    errand.put_all(made.scalers_of(made.web), force=True)
    ready = errand.until_ready(made.web)
    if ready.seconds is None:
        return ready
    if made.service is not None:
        errand.pen.put(made.service)
        errand.say(f"The stable Service selects {made.set} now")
    rows.give(errand.environment, instance, keep=errand.rollout.keep)
    routes.share(errand, made, None)
    behind = rolling.background(errand, made)
    if behind.seconds is None:
        return behind
    checked = checking.check(errand, instance, made, made.service)
    if checked.verdict == "failed":
        return Ready(None, f"through the stable address: {checked.summary}", checked.cure, checked.evidence)
    return ready


def canary(errand: Errand, instance: Instance, made: Parts, *, after: int = -1) -> Ready:
    """More and more of the traffic, looked at step by step; then all of it. Raises Unsure where a step cannot tell."""
    former = instance.replaced
    steps = errand.rollout.steps if former is not None else ()
    weighted = routes.weighted(made)
    left = [number for number in range(len(steps)) if number > max(after, int(instance.rollout.get("passed", -1)))]
    if left and not weighted and made.service is not None:
        rows.note(errand.environment, instance, rows.SWITCHING)
        errand.pen.put(parts.unpinned(made.service))
    if steps:
        rows.give(errand.environment, instance, keep=None)
    for number in left:
        ready = _step(errand, instance, made, steps[number])
        if ready.seconds is None:
            return ready
        judged = analysis.analyse(errand, instance, made, steps[number])
        if judged.phase is Phase.FAILED:
            return Ready(None, f"at {steps[number]} %: {judged.summary}", "Read what the analysis saw.", judged.evidence)
        if judged.phase is not Phase.PASSED:
            rows.note(errand.environment, instance, rows.ASKING, step=number)
            raise Unsure(judged)
        rows.note(errand.environment, instance, rows.SWITCHING, passed=number)
    return give_all(errand, instance, made)


def _step(errand: Errand, instance: Instance, made: Parts, weight: int) -> Ready:
    """So much of the traffic: by weights where a route has them, otherwise by the number of replicas."""
    errand.say(f"{weight} % of the traffic for {instance.release.label}")
    by_weight = routes.share(errand, made, weight)
    for item in made.web:
        size = full_size(errand, made, item, instance.replaced)
        errand.pen.put(parts.scaled(item, share(size, weight)[0]), force=True)
    ready = errand.until_ready(made.web)
    if ready.seconds is None or by_weight:
        return ready
    for item in kept.parts_of(instance.replaced).web if instance.replaced else ():
        asked = parts.replicas_of(item)
        if asked is not None:  # where a scaler decides, it keeps what runs at its size
            errand.pen.put(parts.scaled(item, share(asked, weight)[1]), force=True)
    return ready
