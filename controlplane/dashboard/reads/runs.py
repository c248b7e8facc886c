"""Runs as pages show them: the list, the graph with its states, the story line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from agents import queries
from agents.models import Run, RunEvent, Step
from controlplane.core.actors import Actor
from controlplane.dashboard.drawing import graph
from controlplane.dashboard.shapes import shape_of, title_of

LINES = 1000


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a run's graph: where it is drawn, and its latest attempt."""

    box: graph.Box
    title: str
    state: str
    step: Step | None = None
    selected: bool = False

    @property
    def name(self) -> str:
        """As the graph calls it."""
        return self.box.name


@dataclass(frozen=True, slots=True)
class Picture:
    """A run's graph, ready to be drawn."""

    drawing: graph.Drawing
    nodes: tuple[Node, ...]
    reached: frozenset[str]

    @property
    def lines(self) -> list[tuple[str, bool]]:
        """Each edge's path, and whether the run has come along it."""
        return [(line.path, line.source in self.reached and line.target in self.reached) for line in self.drawing.lines]

    def node(self, name: str) -> Node | None:
        """The node of this name."""
        return next((node for node in self.nodes if node.name == name), None)


def visible(actor: Actor) -> QuerySet[Run]:
    """The runs that the actor may see."""
    return queries.runs_for(actor)


def one(actor: Actor, number: int) -> Run:
    """The run, or NotFound."""
    return queries.run_for(actor, number)


def attempts(run: Run) -> list[Step]:
    """Every attempt of every node, in order."""
    return list(Step.objects.filter(run=run).order_by("pk"))


def picture(run: Run, steps: Sequence[Step], selected: str) -> Picture:
    """The graph of the run's workflow with the latest state of each node; nodes unknown to the graph come last."""
    latest = {step.node: step for step in steps}
    shape = shape_of(run.workflow, list(latest))
    drawing = graph.layout(shape.rows, shape.edges)
    nodes = tuple(Node(box, title_of(box.name), state_of(latest.get(box.name), run), latest.get(box.name)) for box in drawing.boxes)
    chosen = selected if selected in {node.name for node in nodes} else focus(run, nodes)
    return Picture(drawing, tuple(replace(node, selected=node.name == chosen) for node in nodes), frozenset(latest))


def focus(run: Run, nodes: Sequence[Node]) -> str:
    """The node a person most likely wants to see: what failed, what waits, what runs, otherwise the last one reached."""
    for states in (("failed",), ("waiting",), ("running",), ("inconclusive",)):
        found = [node.name for node in nodes if node.state in states]
        if found:
            return found[0]
    reached = [node for node in nodes if node.step]
    return max(reached, key=lambda node: node.step.pk).name if reached else nodes[0].name if nodes else ""  # type: ignore[union-attr]


def state_of(step: Step | None, run: Run) -> str:
    """A node's state in one word: its verdict once it has one, otherwise how far it came."""
    if step is None:
        return "not_reached"
    if step.verdict and step.status in (Step.Status.DONE, Step.Status.FAILED):
        return step.verdict
    if step.status == Step.Status.RUNNING and run.finished_at:
        return "lost"
    return step.status


def events_after(run: Run, after: int, *, node: str = "", levels: Sequence[str] = (), limit: int = LINES) -> list[RunEvent]:
    """The lines of the story numbered above `after`, in order; only partitions the run can lie in are read."""
    rows = RunEvent.objects.filter(run_id=run.pk, number__gt=after, day__gte=run.created_at.date())
    if node:
        rows = rows.filter(node=node)
    if levels:
        rows = rows.filter(level__in=levels)
    return list(rows.order_by("number")[:limit])


def usual_length(run: Run, now: datetime) -> timedelta | None:
    """How long such a run lately took (the median of the last nine that succeeded), where that is known."""
    done = Run.objects.filter(
        workflow=run.workflow, environment_id=run.environment_id, status=Run.Status.SUCCEEDED, started_at__isnull=False
    ).order_by("-pk")[:9]
    lengths = sorted(r.finished_at - r.started_at for r in done if r.finished_at and r.started_at)
    return lengths[len(lengths) // 2] if lengths else None
