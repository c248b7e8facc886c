"""Drives a run under its lease: the one place that knows graphs and rows."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from datetime import datetime
from types import ModuleType
from typing import Any

from django.db import close_old_connections
from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph

from agents import checkpoints, leases, runs, steps
from agents.context import Context, Operations
from agents.events import Story
from agents.graphs import workflow
from agents.graphs.rollout import State
from agents.models import Run, Step
from agents.pulse import Pulse
from agents.secrets import secrets_of
from agents.walking import Cancelled, Draining, Walk, explain
from controlplane.core.errors import LeaseLost, TimonelError

log = logging.getLogger(__name__)
CLEANING_SECONDS = 600
Graph = CompiledStateGraph[State, Context, Any, Any]


def drive(run_id: int, operations: Operations, owner: str = "") -> None:
    """Drive the run until it ends, waits for a person, or is another's. Returns at once when it is not ours to drive."""
    lease = runs.claim(run_id, owner or f"{socket.gethostname()}:{os.getpid()}")
    if lease is None:
        return
    run = Run.objects.select_related("environment__application").get(pk=run_id)
    story = Story(run_id, lease.fence, secrets_of(run.environment))
    asked = leases.cancel_asked(lease)
    close_old_connections()
    with Pulse(lease, story) as pulse:
        if asked:
            pulse.cancel.set()
        try:
            _drive(run, pulse, operations)
        except LeaseLost as lost:
            log.warning("%s", lost)
        finally:
            close_old_connections()


def _drive(run: Run, pulse: Pulse, operations: Operations) -> None:
    graphs = workflow(run.workflow)
    walk = Walk(run.environment_id, operations, pulse, frozenset(getattr(graphs, "SPECIALISTS", ())))
    try:
        _walk_on(run, pulse, graphs, walk)
    except LeaseLost:
        raise
    except Draining:
        pulse.story.flush()
        runs.release(pulse.lease)
    except Cancelled:
        _clean_up(run, pulse, walk)
    except Exception as error:
        _failed(run, pulse, error)


def _walk_on(run: Run, pulse: Pulse, graphs: ModuleType, walk: Walk) -> None:
    """Walk the graph from its last checkpoint to its end, or to a decision that nobody has taken yet."""
    graph: Graph = graphs.build(walk.around).compile(checkpointer=checkpoints.saver(pulse.lease))
    # Five specialists at once, and LangGraph's own writes beside them.
    config: RunnableConfig = {"configurable": {"thread_id": checkpoints.thread(run.pk)}, "max_concurrency": 16}
    given = _where_to_begin(run, pulse, graphs, graph, config)
    while True:
        graph.invoke(given, config, durability="sync")
        found = graph.get_state(config)
        pulse.story.flush()
        if not found.next:
            runs.finish(pulse.lease, found.values["outcome"], _result(run, found.values))
            return
        if _parked(pulse, found.interrupts[0].value):
            return
        given = None  # it was decided while we parked


def _parked(pulse: Pulse, wanted: Mapping[str, Any]) -> bool:
    """Park for what the node waits for: a `change` that is decided, or the moment `until`; False when that is so already."""
    if "until" in wanted:
        return runs.rest(pulse.lease, datetime.fromisoformat(wanted["until"]))
    return runs.wait(pulse.lease, wanted["change"])


def _where_to_begin(run: Run, pulse: Pulse, graphs: ModuleType, graph: Graph, config: RunnableConfig) -> State | None:
    """The input of a run that has no checkpoint yet; otherwise None: LangGraph goes on from the last one."""
    values = graph.get_state(config).values
    if not values:
        begin: State = graphs.initial(run.input)
        return begin
    again = graphs.again(values) if runs.retrying(pulse.lease) else None
    if again is not None:
        graph.update_state(config, again[0], as_node=again[1])
    return None


def _clean_up(run: Run, pulse: Pulse, walk: Walk) -> None:
    step = steps.begin(pulse.lease, "cancel")
    try:
        found = walk.operations.abandon(walk.context("cancel", CLEANING_SECONDS, cleaning=True))
    except LeaseLost:
        raise
    except Exception as error:
        summary, cure = explain(error, pulse.story.secrets)
        steps.fail(pulse.lease, step, summary, cure)
        _failed(run, pulse, error)
        return
    pulse.story.flush()
    steps.done(pulse.lease, step, found, pulse.story.secrets)
    by = Run.objects.values_list("cancel_requested_by", flat=True).get(pk=run.pk)
    runs.finish(pulse.lease, Run.Status.CANCELLED, {"summary": f"Cancelled by {by}. {found.summary}".strip()})


def _failed(run: Run, pulse: Pulse, error: Exception) -> None:
    pulse.demand()
    if not isinstance(error, TimonelError):
        log.error("run %s failed", run.pk, exc_info=error)
    pulse.story.flush()
    summary, cure = explain(error, pulse.story.secrets)
    runs.finish(pulse.lease, Run.Status.FAILED, {"summary": summary, "cure": cure})


def _result(run: Run, state: dict[str, Any]) -> dict[str, Any]:
    """What came of it, as pages and the terminal show it."""
    last = Step.objects.filter(run=run, node="report", status=Step.Status.DONE).latest("pk")
    kept = {name: state[name] for name in ("release", "change", "deployment", "question") if state.get(name)}
    verdicts = {name: found["verdict"] for name, found in state.get("assessments", {}).items()}
    return {"summary": last.summary, "cure": last.cure, "verdicts": verdicts, **kept}
