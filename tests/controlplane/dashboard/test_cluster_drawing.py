"""The drawing of a namespace, the bars of what is used, and diffs side by side."""

from __future__ import annotations

import pytest

from controlplane.dashboard.drawing import gauge, topology, unified
from controlplane.dashboard.drawing.difference import Row
from tests.workloads.topology.things import WEB, deployment, drawn, ingress, pod, route, service, thing


def test_an_empty_picture_is_not_drawn() -> None:
    assert topology.draw(drawn()) is None
    assert topology.draw(drawn(thing("Job", "migrate"))) is None


def test_each_column_has_what_it_is_called_and_lines_lead_from_left_to_right() -> None:
    items = [ingress("i", "s"), service("s", WEB), deployment("web", WEB), pod("web-1-a", WEB, "ReplicaSet/web-1")]
    found = topology.draw(drawn(*items, thing("ReplicaSet", "web-1", owner="Deployment/web")))
    assert found is not None
    assert [box.kind for box in found.boxes] == ["route", "service", "workload", "pod"]
    assert sorted(box.x for box in found.boxes) == [box.x for box in found.boxes]
    assert len(found.lines) == 3
    assert all(box.x + topology.WIDTH <= found.width and box.y + topology.HEIGHT <= found.height for box in found.boxes)


def test_a_service_that_is_not_there_has_its_place_and_a_broken_line() -> None:
    found = topology.draw(drawn(ingress("i", "gone")))
    assert found is not None
    assert [(box.title, box.state) for box in found.boxes] == [("i", "broken"), ("gone", "missing")]
    assert [line.broken for line in found.lines] == [True]


def test_weights_are_written_on_their_lines() -> None:
    found = topology.draw(drawn(route("r", stable=90, preview=10), service("stable", WEB), service("preview", WEB)))
    assert found is not None
    assert sorted(line.label for line in found.lines) == ["10 %", "90 %"]


def test_many_pods_are_numbers_few_are_squares() -> None:
    few, many = (
        drawn(thing("StatefulSet", "db", spec={"replicas": n}), *(pod(f"db-{i}", owner="StatefulSet/db") for i in range(n)))
        for n in (3, 300)
    )
    drawings = [topology.draw(picture) for picture in (few, many)]
    boxes = [next(box for box in drawing.boxes if box.kind == "pod") for drawing in drawings if drawing]
    assert [(len(box.squares), box.counts) for box in boxes] == [(3, (("ready", 3),)), (0, (("ready", 300),))]


def test_what_does_not_fit_is_counted() -> None:
    found = topology.draw(drawn(*(deployment(f"d-{n}") for n in range(20))))
    assert found is not None
    assert (len(found.boxes), found.left_out) == (topology.MOST, 4)


def test_a_long_name_keeps_the_end_that_tells_it_from_others() -> None:
    box = topology.Box("k", "workload", "a-very-long-application-name-web-green", "", "ready", "")
    assert box.short == "a-very-long-ap…-web-green" or (len(box.short) <= topology.LETTERS and box.short.endswith("-web-green"))


@pytest.mark.parametrize(
    ("used", "requested", "limit", "meaning"),
    [
        (50.0, 100.0, 200.0, "ok"),
        (150.0, 100.0, 200.0, "warn"),
        (190.0, 100.0, 200.0, "bad"),
        (50.0, None, 200.0, "ok"),
        (150.0, 100.0, None, "warn"),
    ],
)
def test_a_bar_means_what_it_is_near_to(used: float, requested: float | None, limit: float | None, meaning: str) -> None:
    found = gauge.gauge(used, requested, limit)
    assert found is not None
    assert found.meaning == meaning
    assert 0 <= found.used <= gauge.WIDTH
    assert (found.asked is None) == (requested is None)


def test_without_anything_to_compare_with_there_is_no_bar() -> None:
    assert gauge.gauge(5.0, None, None) is None


@pytest.mark.parametrize(
    ("amount", "text"), [(0.0, "0m"), (0.0001, "1m"), (0.25, "250m"), (1.0, "1"), (1.5, "1.5"), (12.25, "12.25")]
)
def test_cores_are_written_as_kubernetes_does(amount: float, text: str) -> None:
    assert gauge.cores(amount) == text


def sides(rows: tuple[Row, ...]) -> list[tuple[str, str, str]]:
    def text(side: object) -> str:
        return "".join(piece for piece, _ in getattr(side, "pieces", ()))

    return [(row.kind, text(row.old), text(row.new)) for row in rows]


def test_what_replaces_a_line_stands_beside_it() -> None:
    found = unified.rows("@@ -1,3 +1,3 @@\n spec:\n-  replicas: 5\n+  replicas: 3\n   paused: true")
    assert sides(found) == [
        ("same", "spec:", "spec:"),
        ("changed", "  replicas: 5", "  replicas: 3"),
        ("same", "  paused: true", "  paused: true"),
    ]


def test_lines_of_the_same_key_belong_together_where_more_come_than_go() -> None:
    found = unified.rows("-  image: a\n+  command: x\n+  image: b")
    assert sides(found) == [("changed", "  image: a", "  image: b"), ("added", "", "  command: x")]


def test_parts_of_a_diff_are_apart_and_nothing_is_lost() -> None:
    found = unified.rows("@@ -1 +1 @@\n-a: 1\n@@ -9 +8 @@\n+b: 2")
    assert sides(found) == [("removed", "a: 1", ""), ("fold", "", ""), ("added", "", "b: 2")]
    assert unified.rows("") == ()
