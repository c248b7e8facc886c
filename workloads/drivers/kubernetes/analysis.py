"""What one step of a canary comes to: requests to its own pods, the pods themselves, and Prometheus where it is asked."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

from workloads import rollout
from workloads.drivers.kubernetes import checking, disturbing, evidence, kept, measuring, waiting
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.pods import Standing
from workloads.drivers.kubernetes.trickle import Trickle, trickling
from workloads.drivers.watching import judged_evidence
from workloads.evidence import Evidence
from workloads.models import Instance
from workloads.rollout import Measurement, Metric, Phase

ENOUGH = 1.2  # so many more requests than the low traffic guard needs
LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """A step's verdict."""

    phase: Phase
    summary: str
    evidence: tuple[Evidence, ...]
    unreached: bool = False  # all that was wrong is that nothing answered


def analyse(errand: Errand, instance: Instance, made: Parts, weight: int) -> Analysis:
    """Watch the canary for one interval, then judge. Where somebody takes its pods away meanwhile it is watched once more.

    Twice disturbed nobody can tell: a person is asked.
    """
    watch = disturbing.watch(errand, made.web)
    found = _once(errand, instance, made, weight)
    disturbed = watch.disturbed() if found.unreached else ""
    if not disturbed:
        return found
    errand.say(f"Canary at {weight} %: {disturbed}; watching it once more", level="warning")
    ready = errand.until_ready(made.web)
    if ready.seconds is None:
        return Analysis(Phase.FAILED, ready.why, ready.evidence)
    watch = disturbing.watch(errand, made.web)
    found = _once(errand, instance, made, weight)
    disturbed = watch.disturbed() if found.unreached else ""
    return replace(found, phase=Phase.INCONCLUSIVE, summary=f"{found.summary}; {disturbed}") if disturbed else found


def _once(errand: Errand, instance: Instance, made: Parts, weight: int) -> Analysis:
    before = waiting.standing_of(errand.patient, errand.namespace, made.web)
    began = time.monotonic()
    with ExitStack() as stack:
        asked = _begin(errand, instance, made, stack)
        failing = 0
        while time.monotonic() - began < errand.rollout.interval and failing < 2:
            time.sleep(min(LOOK_SECONDS, errand.rollout.interval))
            now = waiting.standing_of(errand.patient, errand.namespace, made.web)
            failing = failing + 1 if now.failing else 0
            errand.say(
                f"Canary at {weight} %: {now.ready} of {now.total} pods ready"
                + (f", {len(asked.probes)} requests" if asked else "")
            )
    window = time.monotonic() - began
    former = kept.parts_of(instance.replaced) if instance.replaced else None
    numbers, seen = measuring.metrics(errand, made, former, window)
    after = waiting.standing_of(errand.patient, errand.namespace, made.web)
    metrics = [*pods_metrics(before, after), *([asked.metric] if asked else []), *numbers]
    judged = rollout.judge(metrics)
    pods_seen = evidence.of_pods(
        errand.patient, errand.namespace, waiting.pods_of(errand.patient, errand.namespace, made.web), errand.secrets
    )
    unreached = judged.phase is not Phase.PASSED and disturbing.excusable(judged, asked.probes if asked else ())
    shown = (judged_evidence(judged), *seen, *(pods_seen if after.troubles else ()))
    return Analysis(judged.phase, judged.summary, shown, unreached)


def pods_metrics(before: Standing, after: Standing) -> list[Metric]:
    """Restarts since, and that all of them are ready."""
    restarts = rollout.within(max(after.restarts - before.restarts, 0), limit=0, unit=" restarts")
    trouble = evidence.summary(after.troubles)[0]
    if after.total == 0:
        ready = Measurement(Phase.FAILED, "no pod is there")
    elif after.ready == after.total:
        ready = Measurement(Phase.PASSED, f"{after.ready} of {after.total}")
    else:
        ready = Measurement(
            Phase.FAILED if after.failing or after.ready == 0 else Phase.INCONCLUSIVE, trouble or f"{after.ready} of {after.total}"
        )
    return [Metric("pods ready", (ready,)), Metric("restarts", (restarts,))]


def _begin(errand: Errand, instance: Instance, made: Parts, stack: ExitStack) -> Trickle | None:
    """Requests to the canary's own Service, where it can be asked over HTTP."""
    if errand.rollout.checks == "pods" or made.preview is None:
        return None
    door = checking.door_of(errand, made, made.preview)
    path = steady_path(instance.release.run_plan)
    wanted = round(rollout.enough_requests() * ENOUGH)
    return stack.enter_context(trickling(door, path, seconds=errand.rollout.interval, wanted=wanted))


def steady_path(plan: dict[str, object]) -> str:
    """What is asked again and again."""
    pages = plan.get("pages") or []
    first = str(pages[0]) if isinstance(pages, list) and pages else ""
    return str(plan.get("health_path") or first or "/")
