"""The picture of a namespace as a drawing: routes, services, workloads and pods in four columns; drawn as SVG by the template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from workloads.topology.picture import Picture, Pod, Route, Service, Workload

WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 196, 46, 48, 12, 2
LETTERS = 26
MOST = 16  # boxes of a column; the rest is said as a number
SQUARE, SQUARES = 10, 24  # a pod's square, and how many are drawn one by one
COLUMNS = ("routes", "services", "workloads", "pods")


@dataclass(frozen=True, slots=True)
class Box:
    """One node. `state` is a word of the vocabulary of `kind`; `line` says the rest; `link` is where it leads on the page."""

    key: str
    kind: str
    title: str
    line: str
    state: str
    link: str
    x: int = 0
    y: int = 0
    squares: tuple[tuple[int, int, str], ...] = ()  # x, y, state of one pod
    counts: tuple[tuple[str, int], ...] = ()

    @property
    def short(self) -> str:
        """The title as far as it fits: a long name's end tells it from others."""
        if len(self.title) <= LETTERS:
            return self.title
        return f"{self.title[: LETTERS - 11]}…{self.title[-10:]}"


@dataclass(frozen=True, slots=True)
class Line:
    """What leads where; `broken`: it does not. `label`: its share of the requests."""

    path: str
    broken: bool
    label: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where everything is; `left_out` counts what did not fit."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class _Edge:
    source: str
    target: str
    broken: bool = False
    label: str = ""


def draw(picture: Picture) -> Drawing | None:
    """The drawing; None where there is nothing to draw."""
    workloads = [one for one in picture.workloads if one.lasting]
    edges = [*_from_routes(picture), *_from_services(picture.services), *_to_pods(workloads)]
    columns = [
        [_route(one) for one in picture.routes],
        [*(_service(one) for one in picture.services), *_missing(picture)],
        [_workload(one) for one in workloads],
        [_pods(one) for one in workloads if one.pods],
    ]
    if not any(columns):
        return None
    shown = _in_order([column[:MOST] for column in columns], edges)
    used = [index for index, column in enumerate(shown) if column]
    placed = {box.key: box for at, index in enumerate(used) for box in _placed(shown[index], at)}
    height = max(len(column) for column in shown) * (HEIGHT + DOWN) - DOWN + 2 * MARGIN
    width = len(used) * (WIDTH + ACROSS) - ACROSS + 2 * MARGIN
    lines = [_line(edge, placed) for edge in edges if edge.source in placed and edge.target in placed]
    left_out = sum(max(0, len(column) - MOST) for column in columns)
    return Drawing(width, height, tuple(placed.values()), tuple(lines), left_out)


def _route(one: Route) -> Box:
    where = ", ".join(dict.fromkeys(rule.host for rule in one.rules if rule.host)) or "*"
    broken = one.broken or next((backend.broken for rule in one.rules for backend in rule.backends if backend.broken), "")
    return Box(f"route {one.title}", "route", one.name, f"{one.kind} · {where}"[:34], "broken" if broken else "ready", "#routes")


def _service(one: Service) -> Box:
    line = f"Service · {one.ready}/{one.total}" if one.total else "Service"
    return Box(f"service {one.name}", "service", one.name, line, one.state, "#routes")


def _missing(picture: Picture) -> Iterator[Box]:
    """Services that routes lead to and that are not there."""
    present = {one.name for one in picture.services}
    for name in dict.fromkeys(name for route in picture.routes for name in route.services if name not in present):
        yield Box(f"service {name}", "service", name or "?", "Service", "missing", "#routes")


def _workload(one: Workload) -> Box:
    line = f"{one.kind} · {one.ready}/{one.wanted}"
    return Box(f"workload {one.title}", "workload", one.name, line, one.state, f"#{anchor(one.title)}")


def _pods(one: Workload) -> Box:
    """All pods of a workload: squares while they are few, numbers always."""
    worst = max(one.pods, key=lambda pod: RANK[pod.state])
    few = one.pods if len(one.pods) <= SQUARES else ()
    return Box(f"pods {one.title}", "pod", "", "", worst.state, "#pods", squares=_squares(few), counts=one.counts)


def _squares(pods: Sequence[Pod]) -> tuple[tuple[int, int, str], ...]:
    """Two rows of them at most."""
    half = SQUARES // 2
    return tuple(((index % half) * (SQUARE + 4), (index // half) * (SQUARE + 2), pod.state) for index, pod in enumerate(pods))


def _from_routes(picture: Picture) -> Iterator[_Edge]:
    for route in picture.routes:
        for name in route.services:
            backends = [one for rule in route.rules for one in rule.backends if one.service == name]
            shares = {one.percent for one in backends}
            percent = shares.pop() if len(shares) == 1 else None
            label = "" if percent is None or percent == 100 else f"{percent:.0f} %"
            yield _Edge(f"route {route.title}", f"service {name}", any(one.broken for one in backends) or bool(route.broken), label)


def _from_services(services: Iterable[Service]) -> Iterator[_Edge]:
    for one in services:
        for title in one.workloads:
            yield _Edge(f"service {one.name}", f"workload {title}", one.state != "ready")


def _to_pods(workloads: Iterable[Workload]) -> Iterator[_Edge]:
    for one in workloads:
        yield _Edge(f"workload {one.title}", f"pods {one.title}")


def _in_order(columns: list[list[Box]], edges: Sequence[_Edge]) -> list[list[Box]]:
    """Each column in the order of what leads to it, so that few lines cross."""
    ordered = [columns[0]]
    for column in columns[1:]:
        places = {box.key: index for index, box in enumerate(ordered[-1])}
        wanted = {edge.target: places[edge.source] for edge in reversed(edges) if edge.source in places}
        ordered.append(sorted(column, key=lambda box: wanted.get(box.key, len(places))))
    return ordered


def _placed(column: Sequence[Box], at: int) -> Iterator[Box]:
    for index, box in enumerate(column):
        yield replace(box, x=MARGIN + at * (WIDTH + ACROSS), y=MARGIN + index * (HEIGHT + DOWN))


def _line(edge: _Edge, placed: dict[str, Box]) -> Line:
    source, target = placed[edge.source], placed[edge.target]
    x1, y1, x2, y2 = source.x + WIDTH, source.y + HEIGHT // 2, target.x, target.y + HEIGHT // 2
    path = f"M{x1} {y1}H{x2}" if y1 == y2 else f"M{x1} {y1}C{x1 + 28} {y1} {x2 - 28} {y2} {x2} {y2}"
    return Line(path, edge.broken, edge.label, x2 - 6, y2 - 6)


def anchor(title: str) -> str:
    """The id of a workload's row."""
    return f"workload-{title.replace('/', '-').replace('.', '-').lower()}"


RANK = {state: rank for rank, state in enumerate(("done", "ready", "leaving", "starting", "unready", "waiting", "failing"))}
