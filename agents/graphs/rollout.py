"""The second half of deploy and rollback: gate, approval, apply, verify, then promote, roll back or ask a person; report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from agents.context import Context
from workloads.evidence import Assessment
from workloads.verdicts import Verdict


def _merge(old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    """Each specialist adds its own; None forgets one, so that it is asked again."""
    return {name: found for name, found in {**(old or {}), **new}.items() if found is not None}


class State(TypedDict, total=False):
    """References only: what they refer to is in the database and on disk."""

    ref: str
    allowed: list[str]  # the specialists whose failure stops nothing, by the word of whoever asked
    commit: str
    assessments: Annotated[dict[str, Any], _merge]  # specialist -> {"verdict", "blocking", references}
    stopped_by: list[str]
    release: int
    change: int
    decision: str
    applied: str
    deployment: int
    verified: str
    question: int
    answer: str
    kept: bool  # by a person's answer, and it then got all the traffic
    returned: bool
    outcome: str


Node = Callable[[Any, Context], Assessment]  # of the State of its own graph
Around = Callable[[str, Node], Any]


def gate(state: State, do: Context) -> Assessment:
    """Propose the Change; policy judges it."""
    return do.operations.gate(do, state["release"], state.get("assessments", {}))


def approval(state: State, do: Context) -> Assessment:
    """Only waits: run again from its top when somebody decided."""
    found = do.operations.decision(do, state["change"])
    if found.data["decision"] == "waiting":
        interrupt({"change": state["change"]})
    return found


def apply(state: State, do: Context) -> Assessment:
    """The effect, through the one door."""
    return do.operations.apply(do, state["change"])


def verify(state: State, do: Context) -> Assessment:
    """Watch what has the traffic now."""
    return do.operations.verify(do, state["deployment"])


def promote(state: State, do: Context) -> Assessment:
    """It stays."""
    return do.operations.promote(do, state["deployment"], state.get("question"))


def roll_back(state: State, do: Context) -> Assessment:
    """It goes, an incident is opened, automation is held."""
    return do.operations.roll_back(do, state["deployment"])


def ask(state: State, do: Context) -> Assessment:
    """Nobody can tell: a person shall."""
    return do.operations.ask(do, state["deployment"])


def answer(state: State, do: Context) -> Assessment:
    """Only waits, as approval does, for the answer to what was asked."""
    found = do.operations.decision(do, state["question"])
    if found.data["decision"] == "waiting":
        interrupt({"change": state["question"]})
    return Assessment(found.verdict, found.summary, found.cure, found.evidence, data={"answer": found.data["decision"]})


def report(state: State, do: Context) -> Assessment:
    """The last word."""
    how, nodes = outcome(state)
    found = do.operations.report(do, how, nodes)
    return Assessment(found.verdict, found.summary, found.cure, found.evidence, data={"outcome": how})


def after_plan(state: State) -> str:
    """Without a release there is nothing to propose."""
    return "gate" if state.get("release") and not state.get("stopped_by") else "report"


def after_gate(state: State) -> str:
    """Refused, approved by policy, or for people to decide."""
    return {"approved": "apply", "waiting": "approval"}.get(state["decision"], "report")


def after_approval(state: State) -> str:
    """Only a yes goes on."""
    return "apply" if state["decision"] == "approved" else "report"


def after_apply(state: State) -> str:
    """Verify what has traffic; undo what was begun and came to nothing; wait where a window closed just before it began."""
    return {"switched": "verify", "not_switched": "roll_back", "kept": "approval"}.get(state["applied"], "report")


def after_verify(state: State) -> str:
    """Failed goes, passed stays, everything else is a question."""
    return {Verdict.PASSED.value: "promote", Verdict.FAILED.value: "roll_back"}.get(state["verified"], "ask")


def after_promote(state: State) -> str:
    """What a person wanted kept may still fail on its way to all the traffic."""
    return "report" if state.get("kept", True) else "roll_back"


def after_answer(state: State) -> str:
    """Whoever does not say yes says no."""
    return "promote" if state["answer"] == "approved" else "roll_back"


def outcome(state: State) -> tuple[str, list[str]]:
    """How the run ended (a status of Run), and which steps decided it."""
    if stopped := state.get("stopped_by"):
        return "stopped", stopped
    if not state.get("release"):
        return "failed", ["plan"]
    if state.get("decision") != "approved":
        return ("cancelled" if state["decision"] == "cancelled" else "refused"), ["approval", "gate"]
    if state["applied"] == "refused":
        return "refused", ["apply"]
    if "returned" in state:
        return ("rolled_back" if state["returned"] else "failed"), ["roll_back", "verify", "apply"]
    return "succeeded", ["promote", "verify"]


def add_rollout(graph: StateGraph[State, Context], around: Around) -> None:
    """Wire everything after `plan`."""
    for name, node in NODES.items():
        graph.add_node(name, around(name, node))
    graph.add_conditional_edges("plan", after_plan, ["gate", "report"])
    graph.add_conditional_edges("gate", after_gate, ["apply", "approval", "report"])
    graph.add_conditional_edges("approval", after_approval, ["apply", "report"])
    graph.add_conditional_edges("apply", after_apply, ["verify", "roll_back", "approval", "report"])
    graph.add_conditional_edges("verify", after_verify, ["promote", "roll_back", "ask"])
    graph.add_edge("ask", "answer")
    graph.add_conditional_edges("answer", after_answer, ["promote", "roll_back"])
    graph.add_conditional_edges("promote", after_promote, ["report", "roll_back"])
    graph.add_edge("roll_back", "report")
    graph.add_edge("report", END)


def planned(plan: Node, around: Around) -> StateGraph[State, Context]:
    """A graph that begins with its plan."""
    graph: StateGraph[State, Context] = StateGraph(State, context_schema=Context)
    graph.add_node("plan", around("plan", plan))
    graph.add_edge(START, "plan")
    add_rollout(graph, around)
    return graph


NODES: dict[str, Node] = {
    "gate": gate,
    "approval": approval,
    "apply": apply,
    "verify": verify,
    "promote": promote,
    "roll_back": roll_back,
    "ask": ask,
    "answer": answer,
    "report": report,
}
