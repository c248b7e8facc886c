"""Watching a release that has the traffic, through its stable Service and at its pods, and judging what was seen."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field

from controlplane.core.redaction import redact
from workloads import rollout
from workloads.adapters.kubernetes.kinds import Json
from workloads.adapters.probes import Probe
from workloads.drivers import Outcome, checks, logscan
from workloads.drivers.kubernetes import checking, disturbing, evidence, kept, measuring, rows, waiting
from workloads.drivers.kubernetes.analysis import ENOUGH, pods_metrics, steady_path
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.pods import Standing, standing
from workloads.drivers.kubernetes.trickle import PHASES, Trickle, trickling
from workloads.drivers.watching import judged_evidence
from workloads.evidence import Evidence
from workloads.models import Instance
from workloads.rollout import Judgement, Measurement, Metric
from workloads.verdicts import Verdict

LOOK_SECONDS = 5.0
MOST_LOGS = 4
LOG_LINES = 400
LONGEST = 4.0  # a slow application is watched so many times longer, until enough was asked


@dataclass(slots=True)
class Seen:
    """What was seen while watching."""

    before: Standing
    logs: dict[str, str]
    watch: disturbing.Watch
    pages: list[Measurement] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    error_pages: list[Probe] = field(default_factory=list)  # answers that are broken themselves


def observe(errand: Errand, instance: Instance, seconds: float) -> Outcome:
    """Requests, pages, pods, restarts, tracebacks in the logs, metrics; then the verdict."""
    made = kept.parts_of(instance)
    pods = waiting.pods_of(errand.patient, errand.namespace, made.workloads)
    seen = Seen(standing(pods), _logs(errand, pods), disturbing.Watch(errand, made.workloads, tuple(pods)))
    wanted = round(rollout.enough_requests() * ENOUGH)
    with ExitStack() as stack:
        asked = _begin(errand, instance, made, seconds, wanted, stack)
        began = time.monotonic()
        while (past := time.monotonic() - began) < seconds or _more(asked, wanted, past, seconds):
            _look(errand, instance, made, seen, asked)
            time.sleep(min(LOOK_SECONDS, max(seconds - past, 0.5)))
            errand.say(f"Watched for {time.monotonic() - began:.0f} s" + (f": {len(asked.probes)} requests asked" if asked else ""))
    return _judged(errand, instance, made, seen, asked, time.monotonic() - began)


def _judged(errand: Errand, instance: Instance, made: Parts, seen: Seen, asked: Trickle | None, window: float) -> Outcome:
    pods = waiting.pods_of(errand.patient, errand.namespace, made.workloads)
    after = standing(pods)
    metrics = pods_metrics(seen.before, after)
    if asked is not None:
        metrics += _http(asked, seen, baseline(instance))
        rows.remember(instance, p99=rollout.percentile(asked.times, rollout.LATENCY_QUANTILE))
    troubles = _troubles(errand, pods, seen)
    metrics.append(Metric("log", (rollout.within(len(troubles), limit=0, unit=" tracebacks"),)))
    former = kept.parts_of(instance.replaced) if instance.replaced else None
    numbers, told = measuring.metrics(errand, made, former, window)
    judged = rollout.judge([*metrics, *numbers])
    found = [judged_evidence(judged), *seen.evidence, *_trouble_evidence(errand, troubles), *told]
    found += evidence.of_pods(errand.patient, errand.namespace, pods, errand.secrets)
    probes = [*(asked.probes if asked else ()), *seen.error_pages]
    failed = judged.verdict is Verdict.FAILED
    disturbed = seen.watch.disturbed() if failed and disturbing.excusable(judged, probes) else ""
    verdict = Verdict.INCONCLUSIVE if disturbed else judged.verdict
    return Outcome(verdict, _summary(errand, instance, judged, disturbed), True, instance.pk, evidence=tuple(found))


def _summary(errand: Errand, instance: Instance, judged: Judgement, disturbed: str) -> str:
    label = instance.release.label
    if judged.verdict is Verdict.PASSED:
        return f"{label} stands in {errand.target}: " + "; ".join(f"{one.name} {one.reason}" for one in judged.metrics[:4])
    return f"{label}: {judged.summary}" + (f"; but {disturbed}, so that nobody can tell." if disturbed else ".")


def baseline(instance: Instance) -> float | None:
    """The p99 that the release before had when it was watched, in milliseconds."""
    return instance.replaced.rollout.get("p99") if instance.replaced else None


def _http(asked: Trickle, seen: Seen, before: float | None) -> list[Metric]:
    probes = list(asked.probes)
    return [
        Metric("pages", tuple(seen.pages)),
        asked.metric,
        Metric("success ratio", (rollout.success_ratio(len(probes), asked.errors),)),
        Metric("latency p99", (rollout.latency_of(asked.times, before),)),
    ]


def _begin(errand: Errand, instance: Instance, made: Parts, seconds: float, wanted: int, stack: ExitStack) -> Trickle | None:
    if errand.rollout.checks == "pods" or made.service is None or not made.web:
        return None
    door = checking.door_of(errand, made, made.service)
    return stack.enter_context(trickling(door, steady_path(instance.release.run_plan), seconds=max(seconds, 1.0), wanted=wanted))


def _more(asked: Trickle | None, wanted: int, past: float, seconds: float) -> bool:
    return asked is not None and len(asked.probes) < wanted and past < seconds * LONGEST


def _look(errand: Errand, instance: Instance, made: Parts, seen: Seen, asked: Trickle | None) -> None:
    """Render every known page once; the former set is kept for as long as we look."""
    rows.keep_longer(errand.environment, errand.rollout.keep)
    if asked is None or made.service is None:
        return
    pages = checking.pages(errand, instance, made, made.service)
    looks = [(page.document, checks.look_at_page(page)) for page in pages]
    seen.pages += [Measurement(PHASES[look.word], f"{probe.url} {look.text}") for probe, look in looks if look.word != "silent"]
    seen.error_pages += [page.document for page, (_, look) in zip(pages, looks, strict=True) if look.word == "broken"][:1]
    seen.evidence = list(checks.judge(None, pages).evidence)


def _logs(errand: Errand, pods: list[Json]) -> dict[str, str]:
    """The ends of a few pods' logs."""
    found = {}
    for pod in pods[:MOST_LOGS]:
        for container in pod["spec"].get("containers", []):
            name = f"{pod['metadata']['name']} {container['name']}"
            found[name] = evidence.log_of(errand.patient, errand.namespace, *name.split(), lines=LOG_LINES)
    return found


def _troubles(errand: Errand, pods: list[Json], seen: Seen) -> list[logscan.Trouble]:
    """The tracebacks that were written since the watch began."""
    found: list[logscan.Trouble] = []
    for name, text in _logs(errand, pods).items():
        found += logscan.troubles(since(seen.logs.get(name, ""), text))
    return found


def since(before: str, now: str) -> str:
    """What was added to a log of which only the end is read; all of it where the former end is gone."""
    end = before[-1_000:]
    return now.rpartition(end)[2] if end and end in now else now


def _trouble_evidence(errand: Errand, found: list[logscan.Trouble]) -> list[Evidence]:
    if not found:
        return []
    table = [[count, redact(title, errand.secrets)] for count, title in logscan.summary(found)]
    return [
        Evidence("Tracebacks in the log", "table", {"columns": ["times", "exception"], "rows": table}),
        Evidence("The last of them", "log", redact(found[-1].excerpt, errand.secrets)),
    ]
