"""The loop of a question as a graph: speak, look with tools, speak again, read the answer, mend it once. The wiring on one screen.

Knows no rows and no endpoint: who speaks is given (`agents.llm.asking`). Nothing is checkpointed: a question is asked anew by
whoever takes it up, and nothing in it has an effect. The bounds are the speaker's; the graph has one of its own, for a speaker
that never ends.
"""

from __future__ import annotations

from typing import Protocol, TypedDict

from langgraph.graph import END, START, StateGraph
from langsmith.run_helpers import tracing_context

from agents.llm.listening import Heard
from agents.llm.question import Answer


class Speaker(Protocol):
    """One conversation. Each may raise NoAnswer, which ends it."""

    def may_use_tools(self) -> bool:
        """Whether tools are offered in the next round."""

    def say(self, *, with_tools: bool) -> Heard:
        """One round."""

    def use_tools(self, heard: Heard) -> None:
        """Answer each call that was asked for."""

    def enough(self) -> None:
        """Tell it to answer with what it knows."""

    def read(self, heard: Heard, *, again: bool) -> Answer | None:
        """The value of what was said; None where it was told what is wrong with it, to say it again."""


class State(TypedDict, total=False):
    """Where the conversation is."""

    heard: Heard
    offered: bool
    mending: bool
    answer: Answer | None


def run(speaker: Speaker, most_rounds: int) -> Answer:
    """Go through it to its end."""
    graph = build(speaker).compile()
    with tracing_context(enabled=False):
        found = graph.invoke({"mending": False}, {"recursion_limit": 2 * most_rounds + 10})
    answer = found["answer"]
    assert isinstance(answer, Answer)
    return answer


def build(speaker: Speaker) -> StateGraph[State]:
    """The wiring."""

    def speak(state: State) -> State:
        offered = not state.get("mending") and speaker.may_use_tools()
        if not offered and not state.get("mending"):
            speaker.enough()
        return {"heard": speaker.say(with_tools=offered), "offered": offered}

    def look(state: State) -> State:
        speaker.use_tools(state["heard"])
        return {}

    def read(state: State) -> State:
        answer = speaker.read(state["heard"], again=bool(state.get("mending")))
        return {"answer": answer, "mending": True}

    graph: StateGraph[State] = StateGraph(State)
    graph.add_node("speak", speak)
    graph.add_node("look", look)
    graph.add_node("read", read)
    graph.add_edge(START, "speak")
    graph.add_conditional_edges("speak", after_speaking, ["look", "read"])
    graph.add_edge("look", "speak")
    graph.add_conditional_edges("read", after_reading, ["speak", END])
    return graph


def after_speaking(state: State) -> str:
    """Look where it asked to and may."""
    return "look" if state["offered"] and state["heard"].calls else "read"


def after_reading(state: State) -> str:
    """Speak once more where the answer was of another shape."""
    return END if state.get("answer") is not None else "speak"
