"""Deploy: check out -> five specialists in parallel -> plan -> (rollout.py) gate, approval, apply, verify, promote or back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.graph import START, StateGraph

from agents.context import Context
from agents.graphs.rollout import Around, Node, State, add_rollout
from workloads.evidence import Assessment
from workloads.verdicts import Verdict

# Without settings that load or an artefact there is nothing to go on with; what else failed a person may accept.
MAY_FAIL = ("code_quality", "testing", "security")
SPECIALISTS = ("code_quality", "testing", "security", "configuration", "cicd")


def initial(asked: Mapping[str, Any]) -> State:
    """What the run begins with: the ref that was asked for, and the checks that may fail this time."""
    return {"ref": asked["ref"], "allowed": [name for name in asked.get("allow_failure", ()) if name in MAY_FAIL]}


def checkout(state: State, do: Context) -> Assessment:
    """The source of one commit, in a folder of this run."""
    return do.operations.checkout(do, state["ref"])


def specialist(name: str) -> Node:
    """The node of one specialist."""

    def assess(state: State, do: Context) -> Assessment:
        return do.operations.assess(do, name, state["commit"])

    return assess


def plan(state: State, do: Context) -> Assessment:
    """The release and what it would change, unless a check stopped the run."""
    stopped_by = [name for name in blocking(state["assessments"]) if name not in state.get("allowed", ())]
    if stopped_by:
        named = ", ".join(name.replace("_", " ") for name in stopped_by)
        return Assessment(Verdict.NOT_EVALUATED, f"Nothing was planned: {named} failed.", data={"stopped_by": stopped_by})
    return do.operations.plan(do, state["commit"], state["assessments"])


def unassessed(state: State) -> list[str]:
    """The specialists that have not answered: all of them, or after a retry those that failed."""
    return [name for name in SPECIALISTS if name not in state.get("assessments", {})] or ["plan"]


def blocking(assessments: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The specialists whose failure stops the run."""
    return [name for name, found in assessments.items() if found["verdict"] == Verdict.FAILED and found.get("blocking", True)]


def again(state: State) -> tuple[State, str] | None:
    """For a retry of a run that a check stopped: forget the checks that failed and go on after check out."""
    if not state.get("stopped_by"):
        return None
    return {"stopped_by": [], "assessments": dict.fromkeys(state["stopped_by"])}, "checkout"


def build(around: Around) -> StateGraph[State, Context]:
    """The wiring."""
    graph: StateGraph[State, Context] = StateGraph(State, context_schema=Context)
    graph.add_node("checkout", around("checkout", checkout))
    for name in SPECIALISTS:
        graph.add_node(name, around(name, specialist(name)))
        graph.add_edge(name, "plan")
    graph.add_node("plan", around("plan", plan))
    graph.add_edge(START, "checkout")
    graph.add_conditional_edges("checkout", unassessed, [*SPECIALISTS, "plan"])
    add_rollout(graph, around)
    return graph
