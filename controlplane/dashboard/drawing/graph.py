"""A run's graph laid out from top to bottom, row by row; drawn as SVG by the template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 104, 42, 5, 20, 2
EMPTY = ""


@dataclass(frozen=True, slots=True)
class Box:
    """One node of the drawing: its upper left corner and size."""

    name: str
    x: int
    y: int
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Line:
    """One edge, as an SVG path."""

    source: str
    target: str
    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where everything is."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def layout(rows: Sequence[Sequence[str]], edges: Iterable[tuple[str, str]]) -> Drawing:
    """Place the nodes row by row, each row centred (EMPTY keeps a place free), and draw the edges between them."""
    width = max((_row_width(len(row)) for row in rows), default=0) + 2 * MARGIN
    boxes = {
        name: Box(name, (width - _row_width(len(row))) // 2 + column * (WIDTH + GAP_X), MARGIN + level * (HEIGHT + GAP_Y))
        for level, row in enumerate(rows)
        for column, name in enumerate(row)
        if name != EMPTY
    }
    lines = tuple(Line(source, target, _curve(boxes[source], boxes[target])) for source, target in edges)
    return Drawing(width, 2 * MARGIN + len(rows) * (HEIGHT + GAP_Y) - GAP_Y, tuple(boxes.values()), lines)


def _row_width(count: int) -> int:
    return count * WIDTH + (count - 1) * GAP_X


def _curve(source: Box, target: Box) -> str:
    """Down and over; an edge that passes rows changes its lane right below its source, so that it crosses no box."""
    x1, y1 = source.x + source.width // 2, source.y + source.height
    x2, y2 = target.x + target.width // 2, target.y
    if x1 == x2:
        return f"M{x1} {y1}V{y2}"
    bend = y1 + GAP_Y
    return f"M{x1} {y1}C{x1} {bend - 3} {x2} {y1 + 3} {x2} {bend}V{y2}"
