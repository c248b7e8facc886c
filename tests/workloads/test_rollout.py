"""The rollout verdict, rule by rule."""

from __future__ import annotations

import math
import random

import pytest

from workloads import rollout
from workloads.rollout import Limits, Measurement, Metric, Phase
from workloads.verdicts import Verdict

P, I, E, F = Phase.PASSED, Phase.INCONCLUSIVE, Phase.ERROR, Phase.FAILED  # noqa: E741


def metric(*phases: Phase, limits: Limits = Limits()) -> Metric:  # noqa: B008
    return Metric("m", tuple(Measurement(phase) for phase in phases), limits)


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        ((), I),  # stopped before the first measurement
        ((P,), P),
        ((P, P, F), F),  # failureLimit 0
        ((P, I), I),  # inconclusiveLimit 0
        ((I, F), F),
        ((P, E, E, E, E, P), P),  # four errors in a row are borne
        ((P, E, E, E, E, E), E),
        ((E, E, P, E, E, E), P),  # five, but not in a row
        ((E, E, E, E, E, F), F),  # known bad beats could not tell
        ((E, E), I),  # never measured
    ],
)
def test_a_metric_is_judged_by_its_limits(phases: tuple[Phase, ...], expected: Phase) -> None:
    assert rollout.assess(metric(*phases)).phase is expected


def test_limits_can_be_widened() -> None:
    assert rollout.assess(metric(P, F, I, limits=Limits(failures=1, inconclusive=1))).phase is P
    assert rollout.assess(metric(P, F, F, limits=Limits(failures=1))).phase is F


@pytest.mark.parametrize(
    ("metrics", "phase", "verdict"),
    [
        ([], I, Verdict.INCONCLUSIVE),
        ([metric(P), metric(P)], P, Verdict.PASSED),
        ([metric(P), metric()], I, Verdict.INCONCLUSIVE),
        ([metric(I), metric(E, E, E, E, E)], E, Verdict.INCONCLUSIVE),
        ([metric(E, E, E, E, E), metric(F)], F, Verdict.FAILED),
    ],
)
def test_a_rollout_is_as_good_as_its_worst_metric(metrics: list[Metric], phase: Phase, verdict: Verdict) -> None:
    judgement = rollout.judge(metrics)
    assert (judgement.phase, judgement.verdict) == (phase, verdict)


def test_failed_rolls_back_an_error_only_where_configured_and_inconclusive_never() -> None:
    failed, error, unsure = rollout.judge([metric(F)]), rollout.judge([metric(E, E, E, E, E)]), rollout.judge([metric(I)])
    assert [j.rolls_back() for j in (failed, error, unsure)] == [True, False, False]
    assert [j.rolls_back(on_error=True) for j in (failed, error, unsure)] == [True, True, False]


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_no_number_is_never_a_pass(value: float | None) -> None:
    assert rollout.within(value, limit=1).phase is I
    assert rollout.latency(value).phase is I
    assert rollout.latency(700, value).phase is I


@pytest.mark.parametrize(
    ("requests", "errors", "expected"),
    [
        (None, None, I),
        (0, 0, I),
        (199, 0, I),  # two failures at 0.99 need 200 requests
        (199, 100, I),
        (200, 0, P),
        (200, 2, P),
        (200, 3, F),
        (100_000, 1001, F),
    ],
)
def test_the_success_ratio_needs_enough_requests(requests: int | None, errors: int | None, expected: Phase) -> None:
    assert rollout.success_ratio(requests, errors).phase is expected


@pytest.mark.parametrize(("at_least", "needed"), [(0.99, 200), (0.999, 2000), (0.95, 40), (0.9, 20)])
def test_the_low_traffic_guard_sees_two_failures_at_the_limit(at_least: float, needed: int) -> None:
    assert rollout.enough_requests(at_least) == needed


@pytest.mark.parametrize(
    ("p99", "baseline", "expected"),
    [
        (500, None, P),
        (501, None, I),  # slow, and nothing to compare with
        (501, 401, P),
        (1250, 1000, P),
        (1251, 1000, F),
        (30, 1, P),  # fast enough, however fast it was before
    ],
)
def test_latency_is_absolute_or_compared_with_before(p99: float, baseline: float | None, expected: Phase) -> None:
    assert rollout.latency(p99, baseline).phase is expected


@pytest.mark.parametrize(
    ("slow", "count", "before", "expected"),
    [
        (2, 220, 100, P),  # two of 220: the 99th percentile is the third slowest
        (3, 220, 100, I),  # as likely as not where one in a hundred is slow
        (5, 220, 100, I),
        (6, 220, 100, F),
        (1, 20, 100, I),  # the slowest of few
        (20, 20, 100, F),
        (20, 2000, 100, P),
        (30, 2000, 100, F),
        (220, 220, 800, P),  # 900 ms are within 1.25 times what it was
        (220, 220, None, I),  # nothing is known of before
        (0, 0, 100, I),
    ],
)
def test_a_few_slow_requests_of_few_are_no_proof_of_a_slow_release(
    slow: int, count: int, before: float | None, expected: Phase
) -> None:
    times = [900.0] * slow + [40.0] * (count - slow)
    assert rollout.latency_of(times, before).phase is expected, rollout.latency_of(times, before).text


def test_the_binomial_tail_is_the_one_of_the_tables() -> None:
    assert rollout.binomial_tail(0, 10, 0.5) == 1.0
    assert rollout.binomial_tail(8, 10, 0.5) == pytest.approx(56 / 1024)
    assert rollout.binomial_tail(1, 1, 0.01) == pytest.approx(0.01)
    assert rollout.percentile([], 0.99) is None and rollout.percentile([3.0, 1.0, 2.0], 0.5) == 2.0


@pytest.mark.parametrize(("seconds", "expected"), [(None, F), (600, P), (600.1, F), (math.nan, I)])
def test_readiness_has_a_deadline(seconds: float | None, expected: Phase) -> None:
    assert rollout.readiness(seconds).phase is expected


def test_mann_whitney_agrees_with_the_published_example() -> None:
    # R: wilcox.test(x, y, exact = FALSE) with the depression data of Hollander and Wolfe 1973, page 69
    permeability_term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    permeability_early = [1.15, 0.88, 0.90, 0.74, 1.21]
    u, probability = rollout.mann_whitney(permeability_term, permeability_early)
    assert u == 35
    assert probability == pytest.approx(0.2449, abs=5e-4)


def test_mann_whitney_of_ties_only_tells_nothing() -> None:
    assert rollout.mann_whitney([1.0] * 60, [1.0] * 60)[1] == 1


def test_a_canary_is_compared_with_a_fresh_baseline() -> None:
    chance = random.Random(7)
    before = [chance.gauss(100, 10) for _ in range(60)]
    same = [chance.gauss(100, 10) for _ in range(60)]
    slower = [chance.gauss(115, 10) for _ in range(60)]
    assert rollout.canary_metric(before, same).phase is P
    assert rollout.canary_metric(before, slower).phase is F
    assert rollout.canary_metric(before, slower, bad="increase").phase is F
    assert rollout.canary_metric(before, slower, bad="decrease").phase is P
    assert rollout.canary_metric(before[:49], slower).phase is I
    assert rollout.canary_metric(before, [*slower[:49], math.nan, math.nan]).phase is I


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        ((), (None, I)),
        ((P,) * 20, (100, P)),
        ((P,) * 19 + (F,), (95, P)),
        ((P,) * 18 + (F,) * 2, (90, I)),
        ((P,) * 3 + (F,), (75, I)),
        ((P,) * 2 + (F,), (pytest.approx(66.67, abs=0.01), F)),
        ((P, P, I), (100, I)),  # one metric had no data
    ],
)
def test_a_canary_passes_at_95_and_is_marginal_from_75(phases: tuple[Phase, ...], expected: tuple[float | None, Phase]) -> None:
    assert rollout.canary_score([Measurement(phase) for phase in phases]) == expected


def test_a_canary_takes_its_time() -> None:
    assert rollout.time_to_promote(60, max_weight=50, step_weight=5) == 600
    assert rollout.time_to_roll_back(60, threshold=5) == 300
