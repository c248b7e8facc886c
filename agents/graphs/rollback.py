"""Rollback: plan -> (rollout.py) gate, approval, apply, verify, promote or ask; report. A rollback is never rolled back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.graph import StateGraph

from agents.context import Context
from agents.graphs.rollout import Around, State, planned
from workloads.evidence import Assessment


def initial(asked: Mapping[str, Any]) -> State:
    """Where to return to is read at the time it is planned."""
    return {"assessments": {}}


def plan(state: State, do: Context) -> Assessment:
    """The last verified release, and what the migrations make of it."""
    return do.operations.plan_rollback(do)


def again(state: State) -> tuple[State, str] | None:
    """No check of a rollback can be asked again by itself."""
    return None


def build(around: Around) -> StateGraph[State, Context]:
    """The wiring."""
    return planned(plan, around)
