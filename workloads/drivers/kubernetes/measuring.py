"""Numbers from Prometheus about one set of a release, as measurements; what cannot be had is an error, not a pass."""

from __future__ import annotations

import time

from controlplane.core.errors import TimonelError
from workloads import rollout
from workloads.adapters import prometheus
from workloads.drivers.kubernetes.choices import MetricChoice
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.evidence import Evidence
from workloads.rollout import Measurement, Metric, Phase

STEP = 5  # seconds between two points that are compared


def metrics(errand: Errand, made: Parts, former: Parts | None, window: float) -> tuple[list[Metric], list[Evidence]]:
    """Each chosen metric, measured once over the window (seconds) that has passed."""
    if not errand.rollout.metrics:
        return [], []
    address = errand.target.cluster.prometheus_url
    found, seen = [], []
    for choice in errand.rollout.metrics:
        asked = filled(choice.query, errand, made, window)
        measured = _measured(address, choice, errand, made, former, window)
        found.append(Metric(choice.name, (measured,)))
        seen.append(Evidence(f"Metric {choice.name}", "text", measured.text, asked))
    return found, seen


def filled(query: str, errand: Errand, made: Parts, window: float) -> str:
    """The question with this set's names in it."""
    workload = made.web[0]["metadata"]["name"] if made.web else ""
    values = {"namespace": errand.namespace, "set": made.set, "workload": workload, "window": f"{max(round(window), 1)}s"}
    for name, value in values.items():
        query = query.replace("{" + name + "}", value)
    return query


def _measured(address: str, choice: MetricChoice, errand: Errand, made: Parts, former: Parts | None, window: float) -> Measurement:
    if not address:
        return Measurement(Phase.ERROR, "the cluster names no Prometheus")
    try:
        if choice.compare:
            return _compared(address, choice, errand, made, former, window)
        value = prometheus.number(address, filled(choice.query, errand, made, window))
        if choice.errors:
            errors = prometheus.number(address, filled(choice.errors, errand, made, window))
            return _ratio(choice, value, errors)
    except TimonelError as error:
        return Measurement(Phase.ERROR, error.message)
    return _limited(choice, value)


def _ratio(choice: MetricChoice, requests: float | None, errors: float | None) -> Measurement:
    """The success ratio. A counter of errors that was never made is none; no requests are no data."""
    at_least = choice.at_least if choice.at_least is not None else rollout.SUCCESS_RATIO
    counted = round(requests) if rollout.is_number(requests) else None
    failed = round(errors) if rollout.is_number(errors) else 0
    return rollout.success_ratio(counted, failed if counted is not None else None, at_least=at_least)


def _limited(choice: MetricChoice, value: float | None) -> Measurement:
    if not rollout.is_number(value):
        return Measurement(Phase.INCONCLUSIVE, "no data")
    if choice.at_least is not None and value < choice.at_least:
        return Measurement(Phase.FAILED, f"{value:.4g} (at least {choice.at_least:.4g})")
    if choice.at_most is not None:
        return rollout.within(value, limit=choice.at_most)
    return Measurement(Phase.PASSED, f"{value:.4g}")


def _compared(address: str, choice: MetricChoice, errand: Errand, made: Parts, former: Parts | None, window: float) -> Measurement:
    """The canary's points against as many fresh ones of the version before (Mann-Whitney U)."""
    if former is None:
        return Measurement(Phase.INCONCLUSIVE, "nothing ran before to compare with")
    end = time.time()

    def ask(of: Parts) -> list[float]:
        query = filled(choice.query, errand, of, window)
        return prometheus.points(prometheus.range_of(address, query, start=end - window, end=end, step=STEP))

    return rollout.canary_metric(ask(former), ask(made), bad=choice.compare or "either")
