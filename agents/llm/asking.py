"""Ask a model: the conversation with its tools, bounded in rounds, calls, repeats, tokens and time, ending in a value of the shape.

Never raises for what a model, an endpoint or a budget does: an Answer without a value says why. A model that is away or
wrong costs an explanation and nothing else.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.db import close_old_connections

from agents import budgets
from agents.llm import endpoints, shaping, tools
from agents.llm.calling import Talk, call
from agents.llm.endpoints import Bounds
from agents.llm.listening import CANCELLED, Heard
from agents.llm.question import Answer, Question, ToolAnswer, Watch
from agents.llm.quoting import Quoting
from agents.llm.troubles import NoAnswer, Status
from agents.models import ModelCall, ModelEndpoint
from agents.secrets import known_secrets

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

log = logging.getLogger(__name__)
MOST_REPEATS = 3  # the same question to the same tool; then it has to answer
REPEATED = "You ask the same things again and again. Answer now, with what you know."
ENOUGH = "You have used what you may use of tools. Answer now, with what you know."


def ask(question: Question, *, endpoint: ModelEndpoint | None = None, watch: Watch | None = None) -> Answer:
    """What the model makes of the question. `endpoint`: ask this one (a trial), not the specialist's or the default one.

    Called by background work only: it takes as long as the endpoint's time allows.
    """
    calls: list[int] = []
    try:
        return replace(_asked(question, endpoint, watch or Watch(), calls), calls=tuple(calls))
    except NoAnswer as trouble:
        return Answer(None, why_not=str(trouble), calls=tuple(calls))
    except Exception:
        log.exception("asking a model for %s", question.purpose)
        return Answer(None, why_not="Asking the model failed in a way nobody foresaw; the log says more.", calls=tuple(calls))
    finally:
        close_old_connections()


@dataclass(slots=True)
class _Conversation:
    """One question and what was said about it: the speaker of `agents.llm.loop`."""

    talk: Talk
    bounds: Bounds
    messages: list[BaseMessage]
    quoting: Quoting = field(default_factory=Quoting)
    rounds: int = 0
    tool_calls: int = 0
    repeats: int = 0
    asked: set[tuple[str, str]] = field(default_factory=set)

    def may_use_tools(self) -> bool:
        """Whether tools are offered in the next round."""
        left = self.rounds < self.bounds.rounds and self.tool_calls < self.bounds.tool_calls
        return bool(self.talk.question.tools) and left and self.repeats < MOST_REPEATS

    def say(self, *, with_tools: bool) -> Heard:
        """One round. Raises NoAnswer, also where the question has used its tokens."""
        self.rounds += 1
        self._wanted()
        self._within_tokens()
        question, endpoint = self.talk.question, self.talk.endpoint
        offered = tools.offered(question.tools) if with_tools else []
        body = {} if with_tools else shaping.body(question.shape, endpoint)
        return call(self.talk, self.messages, offered, body)

    def enough(self) -> None:
        """Tell it to answer with what it knows, where it had tools to know more."""
        if self.talk.question.tools:
            _tell(self, REPEATED if self.repeats >= MOST_REPEATS else ENOUGH)

    def use_tools(self, heard: Heard) -> None:
        """Answer each call it asked for; what is over the limit or was asked before is answered with a refusal."""
        from langchain_core.messages import ToolMessage

        talk, kept = self.talk, list[dict[str, str]]()
        self.messages.append(_said(heard))
        for number, asked in enumerate(heard.calls):
            self._wanted()
            self.tool_calls += 1
            answer = self._tool_answer(asked)
            kept.append(tools.recorded(asked["name"], asked["arguments"], answer, talk.secrets))
            text = self.quoting.piece("answer of a tool", tools.shown(answer, talk.secrets))
            self.messages.append(ToolMessage(text, tool_call_id=asked["id"] or f"call-{number}"))
            budgets.tools_used(talk.calls[-1], kept)
            talk.watch.told(talk.calls[-1])
        if talk.left() <= 0:
            raise NoAnswer("It did not finish in its time.", Status.TIMED_OUT)

    def read(self, heard: Heard, *, again: bool) -> Answer | None:
        """The value of what was said; once, it is told what is wrong with it, and None is returned."""
        shape = self.talk.question.shape
        try:
            return Answer(shaping.read(heard.text, shape))
        except NoAnswer as wrong:
            budgets.correct(self.talk.calls[-1], Status.BROKEN, str(wrong))
            if again:
                raise NoAnswer(f"Its answer was not of the shape that was asked for: {wrong}", Status.BROKEN) from wrong
            self.messages.append(_said(replace(heard, calls=[])))  # tools it asked for after it was told to stop
            _tell(self, f"That is not of the shape that was asked for. {wrong}\n{shaping.told(shape)}")
            return None

    def _tool_answer(self, asked: dict[str, Any]) -> ToolAnswer:
        name = asked["name"]
        if self.tool_calls > self.bounds.tool_calls:
            return ToolAnswer("error", name[:100], error="No more tools may be called for this question.")
        key = (
            name,
            json.dumps(_arguments(asked["arguments"]), sort_keys=True) if _arguments(asked["arguments"]) else asked["arguments"],
        )
        if key in self.asked:
            self.repeats += 1
            return ToolAnswer("error", name[:100], error="You asked exactly this before; its answer stands above.")
        self.asked.add(key)
        return tools.use(self.talk.question.tools, name, asked["arguments"])

    def _wanted(self) -> None:
        if self.talk.watch.over():
            raise NoAnswer(CANCELLED)

    def _within_tokens(self) -> None:
        used = budgets.total(ModelCall.objects.filter(pk__in=self.talk.calls)).tokens
        if used >= self.bounds.tokens:
            raise NoAnswer(
                f"It used {used} tokens on this one question without an answer.", cure="Give it more, or a better model."
            )


def _asked(question: Question, endpoint: ModelEndpoint | None, watch: Watch, calls: list[int]) -> Answer:
    from langchain_core.messages import HumanMessage, SystemMessage

    from agents.llm import loop, wire  # noqa: F401  seconds of loading, before the question's time begins to run

    chosen = endpoint or endpoints.choose(question.specialist)
    secrets = known_secrets(question.run, question.environment)
    talk = Talk(question, chosen, time.monotonic() + chosen.timeout_seconds, secrets, calls, watch)
    conversation = _Conversation(talk, endpoints.bounds(question.specialist), [])
    system = "\n\n".join([question.system, conversation.quoting.rule, shaping.told(question.shape)])
    conversation.messages += [SystemMessage(system), HumanMessage(question.text)]
    return loop.run(conversation, conversation.bounds.rounds)


def _tell(conversation: _Conversation, text: str) -> None:
    from langchain_core.messages import HumanMessage

    conversation.messages.append(HumanMessage(text))


def _said(heard: Heard) -> BaseMessage:
    from langchain_core.messages import AIMessage

    calls = [
        {"name": one["name"], "args": _arguments(one["arguments"]), "id": one["id"] or f"call-{number}"}
        for number, one in enumerate(heard.calls)
    ]
    return AIMessage(heard.text, tool_calls=calls)


def _arguments(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
