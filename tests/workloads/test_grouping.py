"""What groups alerts, and what each telling makes of one; pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workloads.grouping.causes import cause_of, object_of
from workloads.grouping.turns import State, Telling, Turn, after

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"deployment": "web", "pod": "x"}, "deployment/web"),
        ({"pod": "web-7d9f8b6c5d-x2b4k", "instance": "10.0.0.9:8080", "service": "kube-state-metrics"}, "deployment/web"),
        ({"pod": "db-0", "job": "kube-state-metrics"}, "statefulset/db"),
        ({"pod": "log-agent-x2b4k"}, "workload/log-agent"),
        ({"pod": "nightly-29112233-x2b4k"}, "job/nightly"),
        ({"pod": "alone"}, "pod/alone"),
        ({"pod": "exporter-x2b4k", "exported_pod": "db-0"}, "statefulset/db"),
        ({"job_name": "nightly-29112233", "job": "kube-state-metrics"}, "job/nightly"),
        ({"replicaset": "web-7d9f8b6c5d"}, "deployment/web"),
        ({"node": "n1", "service": "kube-state-metrics", "job": "k", "instance": "10.0.0.9:8080"}, "node/n1"),
        ({"service": "web", "job": "web"}, "service/web"),
        ({"instance": "shop-1:8000", "job": "shop"}, "instance/shop-1:8000"),
        ({"job": "shop"}, "job/shop"),
        ({"severity": "page"}, ""),
    ],
)
def test_the_object_is_read_from_the_labels(labels: dict[str, str], expected: str) -> None:
    assert object_of(labels) == expected


def test_pods_of_one_workload_are_one_cause_and_other_names_others() -> None:
    pods = [{"namespace": "shop", "pod": f"web-7d9f8b6c5d-x2b4{sign}"} for sign in "klmn"]
    assert len({cause_of("Crashing", labels).key for labels in pods}) == 1
    assert cause_of("Slow", pods[0]) != cause_of("Crashing", pods[0])
    assert cause_of("Crashing", pods[0] | {"namespace": "bank"}) != cause_of("Crashing", pods[0])


def test_what_a_sender_groups_by_is_kept_apart_where_it_says_more() -> None:
    labels = {"alertname": "Slow", "pod": "web-0", "tenant": "a", "severity": "page"}
    plain = cause_of("Slow", labels)
    assert cause_of("Slow", labels, {"alertname": "Slow", "severity": "page"}) == plain
    assert cause_of("Slow", labels, {"tenant": "a"}).key == f"{plain.key} tenant=a"
    assert cause_of("Slow", labels, {"tenant": "a", "pod": "web-0"}) == plain, "by copies: each would be its own cause"
    assert cause_of("Slow", labels, dict(labels)) == plain, "group_by: ['...']"


def test_long_names_stay_two_and_short_enough() -> None:
    one, two = (cause_of("N" * 5_000 + end, {}).key for end in "ab")
    assert one != two
    assert len(one) == len(two) == 200


def told(started: float, ended: float | None = None, at: float | None = None) -> Telling:
    """Minutes from NOW; `at` is when it came."""
    end = NOW + ended * MINUTE if ended is not None else None
    moment = at if at is not None else (ended if ended is not None else started)
    return Telling(end is None, NOW + started * MINUTE, end, NOW + moment * MINUTE)


def follow(*tellings: Telling) -> tuple[State, list[Turn]]:
    state: State | None = None
    turns = []
    for telling in tellings:
        state, turn = after(state, telling)
        turns.append(turn)
    assert state is not None
    return state, turns


def test_fired_told_again_and_over() -> None:
    state, turns = follow(told(0), told(0, at=3), told(0, 5))
    assert turns == [Turn.FIRED, Turn.AGAIN, Turn.OVER]
    assert (state.told, state.fired, state.firing) == (3, 1, False)


def test_flapping_is_one_alert_that_fired_often() -> None:
    state, turns = follow(*(one for n in range(5) for one in (told(10 * n), told(10 * n, 10 * n + 4))))
    assert turns == [Turn.FIRED, Turn.OVER] * 5
    assert (state.fired, state.told) == (5, 10)


def test_an_end_that_overtakes_its_beginning_stays_the_end() -> None:
    state, turns = follow(told(0, 5), told(0, at=6))
    assert turns == [Turn.OVER, Turn.LATE]
    assert not state.firing


def test_the_end_of_the_time_before_does_not_end_this_one() -> None:
    state, turns = follow(told(0), told(10), told(0, 5, at=11))
    assert turns == [Turn.FIRED, Turn.AGAIN, Turn.LATE]
    assert state.firing


def test_what_still_fires_long_after_its_end_was_told_fires() -> None:
    state, turns = follow(told(0, 5), told(0, at=30))
    assert turns == [Turn.OVER, Turn.FIRED]
    assert state.firing


def test_what_was_counted_before_is_not_counted_again() -> None:
    state, _ = follow(told(0))
    again, turn = after(state, told(0), counts=False)
    assert (again.told, turn) == (1, Turn.AGAIN)
