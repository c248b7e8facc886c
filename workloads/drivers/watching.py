"""Watching a switched instance through its stable address, and judging what was seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from urllib.parse import urlsplit

from django.utils import timezone

from controlplane.core.redaction import redact
from workloads import rollout
from workloads.adapters import probes
from workloads.adapters.probes import Page, Probe, Target
from workloads.drivers import Say, checks, logscan, looking, waiting
from workloads.drivers.logscan import Trouble
from workloads.evidence import Evidence
from workloads.host import logs, place
from workloads.host.logs import Mark
from workloads.models import Environment, Instance, Sample
from workloads.rollout import Measurement, Metric, Phase

PAGE_EVERY = 5.0
PROBERS = 2
ENOUGH = 1.2  # so many more requests than the low traffic guard needs
LONGEST = 6.0  # a slow application is watched so many times longer, until enough was asked
DEADLINE = 30.0
BASELINE = timedelta(hours=1)
SAMPLE_LAG = 7.0


@dataclass(slots=True)
class Window:
    """What was seen while watching."""

    began: datetime
    marks: dict[str, Mark]
    restarts: int
    pages: list[Measurement] = field(default_factory=list)
    last_pages: list[Page] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)


def watch(environment: Environment, instance: Instance, seconds: float, say: Say) -> Window:
    """Ask pages and a steady trickle of requests for so long; longer when that was not enough to judge."""
    window = Window(timezone.now(), logs.marks(place.instance_folder(instance.pk)), _restarts(instance))
    began, target = time.monotonic(), Target(environment.port or 0, place.stable_host(environment))
    plan = instance.release.run_plan
    stop = threading.Event()
    wanted = rollout.enough_requests() * ENOUGH
    with ThreadPoolExecutor(PROBERS) as pool:
        try:
            _look(window, target, plan, environment)
            path = _steady_path(window, plan)
            for _ in range(PROBERS if seconds > 0 else 0):
                pool.submit(_trickle, window, target, path, PROBERS * seconds / wanted, stop)
            while (past := time.monotonic() - began) < seconds or (len(window.probes) < wanted and past < seconds * LONGEST):
                waiting.pause(min(PAGE_EVERY, max(seconds - past, 0.5)))
                _look(window, target, plan, environment)
                say(f"Watched for {time.monotonic() - began:.0f} s: {len(window.probes)} requests asked")
        finally:
            stop.set()
    return window


def measure(environment: Environment, instance: Instance, window: Window) -> tuple[list[Metric], tuple[Evidence, ...]]:
    """Everything the verdict rests on."""
    samples = _samples(instance, window.began)
    web = [sample for sample in samples if sample.requests is not None]
    requests = sum(sample.requests or 0 for sample in web) if web else None
    errors = sum(sample.errors or 0 for sample in web) if web else None
    found = new_troubles(instance, window.marks)
    metrics = [
        Metric("pages", tuple(window.pages)),
        Metric("requests", tuple(_as_measurement(probe) for probe in window.probes)),
        Metric("success ratio", (rollout.success_ratio(requests, errors),)),
        Metric("latency p99", (rollout.latency(typical_p99(web), baseline(instance)),)),
        Metric("log", (rollout.within(len(found), limit=0, unit=" tracebacks"),)),
        Metric("process", (rollout.within(_restarts(instance) - window.restarts, limit=0, unit=" restarts"),)),
    ]
    secrets = place.secrets_of(environment, instance.release)
    seen = (*checks.judge(None, window.last_pages).evidence, *_trouble_evidence(found, secrets), *_sample_evidence(samples))
    return metrics, seen


def new_troubles(instance: Instance, marks: dict[str, Mark]) -> list[Trouble]:
    """The tracebacks written to the instance's logs since the marks."""
    found: list[Trouble] = []
    for log in logs.logs(place.instance_folder(instance.pk)):
        found += logscan.troubles(logs.since(log, marks.get(log.name, Mark(0, 0))))
    return found


def baseline(instance: Instance) -> float | None:
    """The p99 that the instance before needed, as its address saw it in its last hour."""
    if instance.replaced_id is None:
        return None
    before = Sample.objects.filter(instance=instance.replaced_id, requests__gt=0, latency_p99_ms__isnull=False)
    newest = before.order_by("-at").values_list("at", flat=True).first()
    return typical_p99(before.filter(at__gt=newest - BASELINE)) if newest else None


def typical_p99(samples: Iterable[Sample]) -> float | None:
    """The median of the p99 of each span (ours): the same number before and after, and one bad moment does not decide."""
    values = [sample.latency_p99_ms for sample in samples if sample.latency_p99_ms is not None]
    return median(values) if values else None


def judged_evidence(judgement: rollout.Judgement) -> Evidence:
    """The metrics with what each came to."""
    rows = [[metric.name, metric.phase.name.lower(), metric.reason] for metric in judgement.metrics]
    return Evidence(
        "Rollout verdict", "table", {"columns": ["metric", "came to", "because"], "rows": rows}, verdict=judgement.verdict
    )


def _look(window: Window, target: Target, plan: dict[str, list[str]], environment: Environment) -> None:
    """Render every known page once. The former instance is kept for as long as we look, so that a way back is instant."""
    window.last_pages = looking.pages_of(target, plan, DEADLINE)
    looks = [(page.document, checks.look_at_page(page)) for page in window.last_pages]
    window.pages += [Measurement(_PHASES[look.word], f"{probe.url} {look.text}") for probe, look in looks if look.word != "silent"]
    until = timezone.now() + timedelta(seconds=rollout.KEEP_OLD_SECONDS)
    Instance.objects.filter(environment=environment, wanted=Instance.Wanted.RUNNING, stop_after__lt=until).update(stop_after=until)


_PHASES = {"answers": Phase.PASSED, "silent": Phase.INCONCLUSIVE, "broken": Phase.FAILED}


def _steady_path(window: Window, plan: dict[str, str]) -> str:
    """What is asked again and again: a page that answers, else the health address."""
    answering = next((page.document.url for page in window.last_pages if checks.answers(page)), "")
    return urlsplit(answering)._replace(scheme="", netloc="").geturl() or plan.get("health_path") or "/"


def _trickle(window: Window, target: Target, path: str, pause: float, stop: threading.Event) -> None:
    while not stop.is_set():
        began = time.monotonic()
        window.probes.append(probes.get(target, path, deadline=DEADLINE))
        took = time.monotonic() - began
        stop.wait(max(pause - took, took, 0.005))  # half of the time idle: what we ask must not be its load


def _as_measurement(probe: Probe) -> Measurement:
    look = checks.look_at(probe)
    return Measurement(_PHASES[look.word] if look.word == "broken" else Phase.PASSED, f"{probe.url} {look.text}")


def _samples(instance: Instance, since: datetime) -> list[Sample]:
    """The samples of the window; waits for the one that covers its end."""
    end, deadline = timezone.now(), time.monotonic() + SAMPLE_LAG
    rows = Sample.objects.filter(instance=instance, at__gt=since).order_by("at")
    while not rows.filter(at__gte=end, requests__isnull=False).exists() and time.monotonic() < deadline:
        waiting.pause(0.3)
    return list(rows)


def _restarts(instance: Instance) -> int:
    row = Instance.objects.get(pk=instance.pk)
    return sum(int(process.get("restarts", 0)) for process in row.processes.values())


def _trouble_evidence(found: list[Trouble], secrets: frozenset[str]) -> Iterable[Evidence]:
    if found:
        rows = [[count, redact(title, secrets)] for count, title in logscan.summary(found)]
        yield Evidence("Tracebacks in the log", "table", {"columns": ["times", "exception"], "rows": rows})
        yield Evidence("The last of them", "log", redact(found[-1].excerpt, secrets))


def _sample_evidence(samples: list[Sample]) -> Iterable[Evidence]:
    if samples:
        columns = ["at", "process", "CPU %", "memory MB", "requests", "errors", "p99 ms"]
        yield Evidence("Processes and traffic", "table", {"columns": columns, "rows": [_row(sample) for sample in samples[-40:]]})


def _row(sample: Sample) -> list[str]:
    memory = sample.memory_bytes / 1e6 if sample.memory_bytes is not None else None
    numbers = (sample.cpu_percent, memory, sample.requests, sample.errors, sample.latency_p99_ms)
    return [f"{sample.at:%H:%M:%S}", sample.process, *("" if number is None else f"{number:.0f}" for number in numbers)]
