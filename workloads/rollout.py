"""Pure: whether a rollout went well, from measurements (FORMULAS, "Rollout verdict").

Missing data is never a pass. What the numbers cannot tell is inconclusive, and a person is asked.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from statistics import NormalDist
from typing import Literal, TypeGuard

from workloads.verdicts import Verdict

SUCCESS_RATIO = 0.99
LATENCY_MS = 500.0
LATENCY_GROWTH = 1.25
LATENCY_QUANTILE = 0.99
LATENCY_CONFIDENCE = 0.95
PROGRESS_DEADLINE_SECONDS = 600.0
KEEP_OLD_SECONDS = 30.0
RETRY_ERROR_SECONDS = 10.0
CANARY_POINTS = 50
CANARY_PASS = 95.0
CANARY_MARGINAL = 75.0
CANARY_CONFIDENCE = 0.98


class Phase(IntEnum):
    """What one measurement, one metric or a whole rollout came to; the worse, the higher (Argo Rollouts' order)."""

    PASSED = 0
    INCONCLUSIVE = 1
    ERROR = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class Measurement:
    """One look at a metric: what it came to, and the number or the reason in words."""

    phase: Phase
    text: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many measurements of a metric may be bad before the metric is."""

    failures: int = 0
    inconclusive: int = 0
    consecutive_errors: int = 4


@dataclass(frozen=True, slots=True)
class Metric:
    """A question asked again and again while a rollout is watched."""

    name: str
    measurements: tuple[Measurement, ...]
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Judged:
    """A metric with what it came to, and why."""

    name: str
    phase: Phase
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the metrics amount to. `phase` keeps *known bad* and *could not tell* apart; `verdict` is its word."""

    phase: Phase
    metrics: tuple[Judged, ...]

    @property
    def verdict(self) -> Verdict:
        """Failed is failed; an error could not tell, so a person is asked like when it is inconclusive."""
        if self.phase is Phase.FAILED:
            return Verdict.FAILED
        return Verdict.PASSED if self.phase is Phase.PASSED else Verdict.INCONCLUSIVE

    def rolls_back(self, *, on_error: bool = False) -> bool:
        """Whether the rollout is undone without asking: failed does, an error only where that is configured."""
        return self.phase is Phase.FAILED or (on_error and self.phase is Phase.ERROR)

    @property
    def summary(self) -> str:
        """One sentence: the reasons of whatever is worst."""
        worst = [metric for metric in self.metrics if metric.phase is self.phase]
        return "; ".join(f"{metric.name}: {metric.reason}" for metric in worst) or "nothing was measured"


def judge(metrics: Iterable[Metric]) -> Judgement:
    """The verdict of a rollout: its worst metric (Argo Rollouts). Without any metric it is inconclusive (ours)."""
    judged = tuple(assess(metric) for metric in metrics)
    return Judgement(max((metric.phase for metric in judged), default=Phase.INCONCLUSIVE), judged)


def assess(metric: Metric) -> Judged:
    """One metric against its limits (Argo Rollouts analysis: failureLimit, inconclusiveLimit, consecutiveErrorLimit).

    Stopped before the first measurement is inconclusive (ours; Argo Rollouts calls it successful), and so is a metric
    that was never measured because every attempt was an error.
    """
    found = Counter(measurement.phase for measurement in metric.measurements)
    if not found:
        return Judged(metric.name, Phase.INCONCLUSIVE, "stopped before the first measurement")
    if found[Phase.FAILED] > metric.limits.failures:
        return Judged(metric.name, Phase.FAILED, _reason(metric, Phase.FAILED))
    if longest_run_of_errors(metric.measurements) > metric.limits.consecutive_errors:
        return Judged(metric.name, Phase.ERROR, _reason(metric, Phase.ERROR))
    if found[Phase.INCONCLUSIVE] > metric.limits.inconclusive:
        return Judged(metric.name, Phase.INCONCLUSIVE, _reason(metric, Phase.INCONCLUSIVE))
    if found[Phase.ERROR] == len(metric.measurements):
        return Judged(metric.name, Phase.INCONCLUSIVE, _reason(metric, Phase.ERROR))
    return Judged(metric.name, Phase.PASSED, _reason(metric, Phase.PASSED))


def longest_run_of_errors(measurements: Iterable[Measurement]) -> int:
    """How many errors came in a row at the most."""
    longest = run = 0
    for measurement in measurements:
        run = run + 1 if measurement.phase is Phase.ERROR else 0
        longest = max(longest, run)
    return longest


def _reason(metric: Metric, phase: Phase) -> str:
    of_phase = [measurement.text for measurement in metric.measurements if measurement.phase is phase]
    count = f"{len(of_phase)} of {len(metric.measurements)}" if len(metric.measurements) > 1 else ""
    return ", ".join(part for part in (count, next((text for text in of_phase if text), "")) if part) or phase.name.lower()


def within(value: float | None, *, limit: float, unit: str = "") -> Measurement:
    """A number that must not exceed the limit; NaN, infinite and missing ones are inconclusive, not a pass."""
    if not is_number(value):
        return Measurement(Phase.INCONCLUSIVE, "no data")
    phase = Phase.PASSED if value <= limit else Phase.FAILED
    return Measurement(phase, f"{value:.4g}{unit} (limit {limit:.4g}{unit})")


def success_ratio(requests: int | None, errors: int | None, *, at_least: float = SUCCESS_RATIO) -> Measurement:
    """The share of requests not answered with 5xx, at least 0.99.

    Low traffic guard (ours): fewer requests than would show two failures at the limit decide nothing.
    """
    if requests is None or errors is None or requests < enough_requests(at_least):
        return Measurement(Phase.INCONCLUSIVE, f"{requests or 0} requests, {enough_requests(at_least)} are needed to tell")
    ratio = (requests - errors) / requests
    phase = Phase.PASSED if ratio >= at_least else Phase.FAILED
    return Measurement(phase, f"{ratio:.2%} of {requests} requests (at least {at_least:.2%})")


def enough_requests(at_least: float = SUCCESS_RATIO) -> int:
    """How many requests show two failures when the success ratio is exactly at its limit (ours)."""
    return math.ceil(round(2 / (1 - at_least), 6)) if at_least < 1 else 1


def latency(p99_ms: float | None, baseline_ms: float | None = None) -> Measurement:
    """The 99th percentile: at most 500 ms, or at most 1.25 times what the release before needed.

    Slower than 500 ms with nothing to compare with is inconclusive: half of the rule cannot be told.
    """
    if not is_number(p99_ms):
        return Measurement(Phase.INCONCLUSIVE, "no data")
    if p99_ms <= LATENCY_MS:
        return Measurement(Phase.PASSED, f"{p99_ms:.0f} ms (limit {LATENCY_MS:.0f} ms)")
    if not is_number(baseline_ms):
        return Measurement(Phase.INCONCLUSIVE, f"{p99_ms:.0f} ms is over {LATENCY_MS:.0f} ms, and nothing is known of before")
    return within(p99_ms, limit=LATENCY_GROWTH * baseline_ms, unit=" ms")


def latency_of(times_ms: Sequence[float], baseline_ms: float | None = None) -> Measurement:
    """The same from single requests, in milliseconds. `percentile` of few is nearly their slowest, so it fails only where more
    were too slow than one in a hundred explains (one-sided binomial test at 95 %); what that leaves open is inconclusive (ours).
    """
    found = latency(percentile(times_ms, LATENCY_QUANTILE), baseline_ms)
    if found.phase is not Phase.FAILED:
        return found
    limit = max(LATENCY_MS, LATENCY_GROWTH * (baseline_ms or 0.0))
    slow, count = sum(one > limit for one in times_ms), len(times_ms)
    if binomial_tail(slow, count, 1 - LATENCY_QUANTILE) <= 1 - LATENCY_CONFIDENCE:
        return Measurement(Phase.FAILED, f"{found.text}: {slow} of {count} requests were slower")
    return Measurement(Phase.INCONCLUSIVE, f"{found.text}, but {slow} of {count} slower requests may be chance")


def percentile(values: Sequence[float], quantile: float) -> float | None:
    """The value that this share of them does not exceed (nearest rank); None of none."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(round(quantile * len(ranked), 6)) - 1)] if ranked else None


def binomial_tail(hits: int, tries: int, chance: float) -> float:
    """How likely so many hits or more are in so many tries (upper tail of the binomial distribution)."""
    return 1.0 - sum(math.comb(tries, k) * chance**k * (1 - chance) ** (tries - k) for k in range(hits))


def readiness(seconds: float | None, *, deadline: float = PROGRESS_DEADLINE_SECONDS) -> Measurement:
    """Ready within progressDeadlineSeconds (Kubernetes Deployment, 600 s); never ready has failed."""
    if seconds is None:
        return Measurement(Phase.FAILED, f"not ready within {deadline:.0f} s")
    return within(seconds, limit=deadline, unit=" s")


def is_number(value: float | None) -> TypeGuard[float]:
    """Whether there is a finite number."""
    return value is not None and math.isfinite(value)


Bad = Literal["increase", "decrease", "either"]


def canary_metric(baseline: Sequence[float], canary: Sequence[float], *, bad: Bad = "either") -> Measurement:
    """One metric of a canary against a fresh baseline of the old version (Kayenta, Mann-Whitney U at 98 %).

    Needs 50 finite points on each side; fewer are inconclusive.
    """
    before, after = ([value for value in side if math.isfinite(value)] for side in (baseline, canary))
    if min(len(before), len(after)) < CANARY_POINTS:
        return Measurement(Phase.INCONCLUSIVE, f"{min(len(before), len(after))} points, {CANARY_POINTS} are needed")
    u, probability = mann_whitney(before, after)
    moved = "increase" if u < len(before) * len(after) / 2 else "decrease"
    differs = probability < 1 - CANARY_CONFIDENCE and bad in {moved, "either"}
    return Measurement(Phase.FAILED if differs else Phase.PASSED, f"{moved if differs else 'no change'} (p = {probability:.3g})")


def canary_score(measurements: Sequence[Measurement]) -> tuple[float | None, Phase]:
    """passed / total in percent; passes at 95, is marginal (inconclusive) from 75 (Kayenta).

    What could not be measured is neither: without any usable metric, or with one missing, a pass is not given.
    """
    total = [measurement for measurement in measurements if measurement.phase in {Phase.PASSED, Phase.FAILED}]
    if not total:
        return None, Phase.INCONCLUSIVE
    score = 100 * sum(measurement.phase is Phase.PASSED for measurement in total) / len(total)
    if score < CANARY_MARGINAL:
        return score, Phase.FAILED
    complete = len(total) == len(measurements)
    return score, Phase.PASSED if score >= CANARY_PASS and complete else Phase.INCONCLUSIVE


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """U of the first sample and the two-sided probability of so uneven a U by chance.

    Mann and Whitney 1947; normal approximation with correction for ties and continuity, as R's `wilcox.test`.
    """
    ordered = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    n, m = len(first), len(second)
    rank_sum, ties, start = 0.0, 0.0, 0
    while start < n + m:
        end = start
        while end < n + m and ordered[end][0] == ordered[start][0]:
            end += 1
        rank_sum += (start + end + 1) / 2 * sum(side == 0 for _, side in ordered[start:end])
        ties += (end - start) ** 3 - (end - start)
        start = end
    u = rank_sum - n * (n + 1) / 2
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    if variance <= 0:
        return u, 1.0
    z = max(abs(u - n * m / 2) - 0.5, 0.0) / math.sqrt(variance)
    return u, 2 * (1 - NormalDist().cdf(z))


def time_to_promote(interval: float, *, max_weight: float, step_weight: float) -> float:
    """Seconds a canary needs to get all its traffic: interval x (maxWeight / stepWeight) (Flagger)."""
    return interval * (max_weight / step_weight)


def time_to_roll_back(interval: float, *, threshold: int) -> float:
    """Seconds until a bad canary is rolled back: interval x threshold (Flagger)."""
    return interval * threshold
