"""The pure drawings: graphs, differences, colours, sparklines, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from controlplane.dashboard import moments
from controlplane.dashboard.drawing import ansi, difference, graph, spark
from controlplane.dashboard.shapes import SHAPES, shape_of

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_boxes_of_a_drawing_never_overlap() -> None:
    for shape in SHAPES.values():
        boxes = graph.layout(shape.rows, shape.edges).boxes
        assert len({(box.x, box.y) for box in boxes}) == len(boxes)
        for row in {box.y for box in boxes}:
            xs = sorted(box.x for box in boxes if box.y == row)
            assert all(right - left >= graph.WIDTH for left, right in pairwise(xs))


def test_the_drawn_graphs_have_exactly_the_nodes_of_the_real_ones() -> None:
    from agents.graphs import deploy, rollback

    for name, module in (("deploy", deploy), ("rollback", rollback)):
        real = set(module.build(lambda _name, node: node).nodes)
        assert {node for row in SHAPES[name].rows for node in row if node} == real


def test_a_node_that_the_drawing_does_not_know_hangs_below() -> None:
    shape = shape_of("deploy", ["checkout", "brand_new"])
    assert shape.rows[-1] == ("brand_new",)
    assert ("report", "brand_new") in shape.edges


def test_only_the_words_that_changed_are_marked() -> None:
    (row,) = difference.paired([("web: gunicorn --workers 2", "web: gunicorn --workers 4")])
    assert row.kind == "changed"
    assert row.old is not None
    assert [text for text, changed in row.old.pieces if changed] == ["2"]


def test_pieces_put_together_are_the_line_again() -> None:
    old, new = "a b c d", "a x c y z"
    before, after = difference.words(old, new)
    assert "".join(text for text, _ in before) == old
    assert "".join(text for text, _ in after) == new


def test_equal_lines_are_folded_around_a_difference() -> None:
    same: list[difference.Pair] = [(str(n), str(n)) for n in range(20)]
    rows = difference.paired([*same, ("old", "new"), *same])
    assert [row.folded for row in rows if row.kind == "fold"] == [17, 17]
    assert sum(row.kind == "same" for row in rows) == 6


def test_added_and_removed_lines_are_numbered_on_their_side() -> None:
    added, removed = difference.paired([(None, "new"), ("old", None)])
    assert (added.kind, added.new and added.new.number, added.old) == ("added", 1, None)
    assert (removed.kind, removed.old and removed.old.number, removed.new) == ("removed", 1, None)


def test_colours_become_classes_and_everything_else_is_escaped() -> None:
    assert ansi.coloured("\x1b[1;31mbad\x1b[0m <b>") == '<span class="ansi-bold ansi-red">bad</span> &lt;b&gt;'


@pytest.mark.parametrize("hostile", ["\x1b]0;title\x07", "\x1b[2J", "\x07", "\x1b[?25l"])
def test_other_control_sequences_vanish(hostile: str) -> None:
    assert "\x1b" not in ansi.coloured(f"a{hostile}b")
    assert "\x07" not in ansi.coloured(f"a{hostile}b")


def test_a_minute_without_data_is_a_gap_not_a_zero() -> None:
    bars = spark.health([(10, 0), None, (0, 0)])
    assert [bar.x for bar in bars] == [0, 8]


def test_a_gap_breaks_the_line() -> None:
    assert spark.line([1, None, 1]).count("M") == 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2, "just now"), (42, "42 s ago"), (180, "3 min ago"), (200_000, "2 d ago"), (-90, "in 1 min")],
)
def test_how_long_ago(seconds: float, words: str) -> None:
    assert moments.ago(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.85, "850 ms"), (42, "42 s"), (185, "3 min 5 s"), (7800, "2 h 10 min"), (90_000, "1 d 1 h")],
)
def test_how_long(seconds: float, words: str) -> None:
    assert moments.span(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(("count", "words"), [(1023, "1023 B"), (1536, "1.5 KiB"), (87 * 2**20, "87 MiB"), (3 * 2**30, "3.0 GiB")])
def test_sizes(count: int, words: str) -> None:
    assert moments.size(count) == words
