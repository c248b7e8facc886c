"""Adopt: the first apply of what already runs on a cluster, once people approved it: plan -> (rollout.py) gate and all after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.graph import StateGraph

from agents.context import Context
from agents.graphs.rollout import Around, State, planned
from workloads.evidence import Assessment
from workloads.verdicts import Verdict


def initial(asked: Mapping[str, Any]) -> State:
    """The release was made when it was adopted."""
    return {"assessments": {}, "release": int(asked["release"])}


def plan(state: State, do: Context) -> Assessment:
    """It was planned and shown when it was adopted."""
    return Assessment(Verdict.PASSED, "What was shown when it was adopted.", data={"release": state["release"]})


def again(state: State) -> tuple[State, str] | None:
    """There is no check that could be asked again."""
    return None


def build(around: Around) -> StateGraph[State, Context]:
    """The wiring."""
    return planned(plan, around)
