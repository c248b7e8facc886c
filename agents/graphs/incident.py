"""Incident: calm -> look -> suspects -> knowledge -> remedies -> gate, approval, apply, verify -> watch, look again -> close;
or take the repair back and call a person. The report drafts the post-mortem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from agents.context import Context
from agents.graphs.rollout import Around, Node
from workloads.evidence import Assessment
from workloads.verdicts import Verdict

MOST_ROUNDS = 5  # the world moved, or another fault came to light: look anew, but not for ever


class State(TypedDict, total=False):
    """References only: what they refer to is in the database and on disk."""

    incident: int
    round: int
    most: int  # rounds
    over: bool  # somebody resolved it meanwhile
    examination: int
    standing: str
    offered: bool
    change: int
    decision: str
    applied: str
    verified: str
    recurred: str
    undo: int
    consent: str
    undone: bool | None
    closed: bool
    outcome: str


# What an earlier round left is no word on this one.
FRESH: State = {"over": False, "offered": False, "decision": "", "applied": "", "verified": "", "recurred": "", "consent": ""}


def initial(asked: Mapping[str, Any]) -> State:
    """The incident that was opened."""
    return {"incident": int(asked["incident"]), "round": 0, "most": MOST_ROUNDS}


def calm(state: State, do: Context) -> Assessment:
    """Only waits, until nothing is under way here: what is half done is no fault."""
    found = do.operations.incidents.calm(do, state["incident"], state["round"])
    if "wait" in found.data:
        interrupt(found.data["wait"])
    return replace(found, data={**FRESH, **found.data})


def look(state: State, do: Context) -> Assessment:
    """A snapshot made after it was opened, and what is wrong in it."""
    return do.operations.incidents.look(do, state["incident"], state["round"])


def suspects(state: State, do: Context) -> Assessment:
    """What changed before the first symptom, the usual suspect first."""
    return do.operations.incidents.suspects(do, state["examination"])


def knowledge(state: State, do: Context) -> Assessment:
    """What is known of such a thing."""
    return do.operations.incidents.recall(do, state["examination"])


def remedies(state: State, do: Context) -> Assessment:
    """What would mend it, each with what it would do."""
    return do.operations.incidents.remedies(do, state["examination"])


def gate(state: State, do: Context) -> Assessment:
    """Propose what a person chose, or the best; policy judges it."""
    return do.operations.incidents.gate(do, state["examination"])


def approval(state: State, do: Context) -> Assessment:
    """Only waits: run again from its top when somebody decided."""
    found = do.operations.incidents.decision(do, state["incident"], state["change"])
    if found.data["decision"] == "waiting":
        interrupt({"change": state["change"]})
    return found


def apply(state: State, do: Context) -> Assessment:
    """The effect, through the one door."""
    return do.operations.incidents.apply(do, state["incident"], state["change"])


def verify(state: State, do: Context) -> Assessment:
    """Whether what was wrong is right now: the invariant, not only that pods are ready. Waits while people have to merge it."""
    found = do.operations.incidents.verify(do, state["incident"], state["change"])
    if "wait" in found.data:
        interrupt(found.data["wait"])
    return found


def watch(state: State, do: Context) -> Assessment:
    """Only waits, for a while in which it could come back."""
    found = do.operations.incidents.watched(do, state["incident"], state["change"])
    if "wait" in found.data:
        interrupt(found.data["wait"])
    return found


def recheck(state: State, do: Context) -> Assessment:
    """Diagnose once more: is the fault gone?"""
    return do.operations.incidents.recheck(do, state["examination"], state["change"])


def close(state: State, do: Context) -> Assessment:
    """The cause is gone."""
    return do.operations.incidents.close(do, state["examination"], state["change"])


def undo(state: State, do: Context) -> Assessment:
    """What did not help is offered to be taken back, as a Change of its own."""
    return do.operations.incidents.undo(do, state["incident"], state["change"])


def consent(state: State, do: Context) -> Assessment:
    """Only waits, as approval does, for the word on taking it back."""
    found = do.operations.incidents.decision(do, state["incident"], state["undo"])
    if found.data["decision"] == "waiting":
        interrupt({"change": state["undo"]})
    return Assessment(found.verdict, found.summary, found.cure, found.evidence, data={"consent": found.data["decision"]})


def take_back(state: State, do: Context) -> Assessment:
    """The way back, through the same door."""
    return do.operations.incidents.take_back(do, state["incident"], state["undo"])


def escalate(state: State, do: Context) -> Assessment:
    """It stays open, and people are told why it needs them."""
    return do.operations.incidents.escalate(do, state["incident"], outcome(state)[1])


def report(state: State, do: Context) -> Assessment:
    """The last word, and the draft of what is learnt from it."""
    how, nodes = outcome(state)
    found = do.operations.incidents.report(do, state["incident"], how, nodes)
    return Assessment(found.verdict, found.summary, found.cure, found.evidence, data={"outcome": how})


def after_calm(state: State) -> str:
    """Resolved meanwhile, there is nothing to look for."""
    return "report" if state.get("over") else "look"


def after_remedies(state: State) -> str:
    """Where nothing can honestly be offered, a person is needed."""
    return "gate" if state["offered"] else "escalate"


def after_gate(state: State) -> str:
    """Refused, approved by policy, or for people to decide."""
    return {"approved": "apply", "waiting": "approval", "elsewhere": "approval"}.get(state["decision"], "escalate")


def after_approval(state: State) -> str:
    """Only a yes goes on. What was decided of another's Change, or withdrawn because the world moved, is looked at anew."""
    if state["decision"] == "approved":
        return "apply"
    if state["decision"] == "over":
        return "report"
    return _anew(state) if state["decision"] in {"elsewhere", "cancelled"} else "escalate"


def after_apply(state: State) -> str:
    """Verify what was done; what no longer fits the world is proposed anew."""
    if state["applied"] == "refused":
        return _anew(state)
    return {"switched": "verify", "kept": "approval"}.get(state["applied"], "escalate")


def after_verify(state: State) -> str:
    """What did not help is taken back; whether what nobody can tell did help is seen by looking again."""
    return "undo" if state["verified"] == Verdict.FAILED else "watch"


def after_recheck(state: State) -> str:
    """Gone is closed, the same is taken back, another fault has its own round, and what cannot be told needs a person."""
    if state.get("over"):
        return "report"
    if state["recurred"] == "other":
        return _anew(state)
    return {"gone": "close", "same": "undo"}.get(state["recurred"], "escalate")


def after_undo(state: State) -> str:
    """Taken back by a yes only."""
    return {"approved": "take_back", "waiting": "consent"}.get(state["consent"], "escalate")


def after_consent(state: State) -> str:
    """Whoever does not say yes says no."""
    return "take_back" if state["consent"] == "approved" else "escalate"


def outcome(state: State) -> tuple[str, list[str]]:
    """How the run ended (a status of Run), and which steps decided it."""
    if state.get("over") or state.get("decision") == "over":
        return "succeeded", ["recheck", "approval", "calm"]
    if state.get("closed"):
        return "succeeded", ["close"]
    if state.get("undone") is not None:
        return ("rolled_back" if state["undone"] else "failed"), ["take_back"]
    if state.get("consent"):
        return "failed", ["consent", "undo"]
    if state.get("applied") == "not_switched":
        return "failed", ["apply"]
    if state.get("decision") in {"refused", "rejected", "expired"}:
        return "refused", ["gate" if state["decision"] == "refused" else "approval"]
    parts = {"recurred": "recheck", "applied": "apply", "decision": "gate"}
    return "stopped", [next((node for part, node in parts.items() if state.get(part)), "remedies")]


def again(state: State) -> tuple[State, str] | None:
    """A retry of what ended without a repair looks anew."""
    if not state.get("outcome"):
        return None
    more = state["round"] + MOST_ROUNDS
    return {"most": more, "decision": "cancelled", "undone": None, "consent": "", "outcome": ""}, "approval"


def _anew(state: State) -> str:
    return "calm" if state["round"] < state["most"] else "escalate"


def build(around: Around) -> StateGraph[State, Context]:
    """The wiring."""
    graph: StateGraph[State, Context] = StateGraph(State, context_schema=Context)
    for name, node in NODES.items():
        graph.add_node(name, around(name, node))
    graph.add_edge(START, "calm")
    graph.add_conditional_edges("calm", after_calm, ["look", "report"])
    for first, then in (("look", "suspects"), ("suspects", "knowledge"), ("knowledge", "remedies")):
        graph.add_edge(first, then)
    graph.add_conditional_edges("remedies", after_remedies, ["gate", "escalate"])
    graph.add_conditional_edges("gate", after_gate, ["apply", "approval", "escalate"])
    graph.add_conditional_edges("approval", after_approval, ["apply", "calm", "escalate", "report"])
    graph.add_conditional_edges("apply", after_apply, ["verify", "approval", "calm", "escalate"])
    graph.add_conditional_edges("verify", after_verify, ["watch", "undo"])
    graph.add_edge("watch", "recheck")
    graph.add_conditional_edges("recheck", after_recheck, ["close", "undo", "calm", "escalate", "report"])
    graph.add_conditional_edges("undo", after_undo, ["take_back", "consent", "escalate"])
    graph.add_conditional_edges("consent", after_consent, ["take_back", "escalate"])
    for first, then in (("take_back", "escalate"), ("close", "report"), ("escalate", "report"), ("report", END)):
        graph.add_edge(first, then)
    return graph


NODES: dict[str, Node] = {
    "calm": calm,
    "look": look,
    "suspects": suspects,
    "knowledge": knowledge,
    "remedies": remedies,
    "gate": gate,
    "approval": approval,
    "apply": apply,
    "verify": verify,
    "watch": watch,
    "recheck": recheck,
    "close": close,
    "undo": undo,
    "consent": consent,
    "take_back": take_back,
    "escalate": escalate,
    "report": report,
}
