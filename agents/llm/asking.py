"""Ask a model: the conversation with its tools, bounded in rounds, calls, tokens and time, ending in a value of the shape.

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
from agents.llm.listening import Heard
from agents.llm.question import Answer, Question, ToolAnswer
from agents.llm.quoting import Quoting
from agents.llm.troubles import NoAnswer, Status
from agents.models import ModelCall, ModelEndpoint
from agents.secrets import known_secrets

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

log = logging.getLogger(__name__)
ENOUGH = "You have used what you may use of tools. Answer now, with what you know."


def ask(question: Question, *, endpoint: ModelEndpoint | None = None) -> Answer:
    """What the model makes of the question. `endpoint`: ask this one (a trial), not the specialist's or the default one.

    Called by background work only: it takes as long as the endpoint's time allows.
    """
    calls: list[int] = []
    try:
        return replace(_asked(question, endpoint, calls), calls=tuple(calls))
    except NoAnswer as trouble:
        return Answer(None, why_not=str(trouble), calls=tuple(calls))
    except Exception:
        log.exception("asking a model for %s", question.purpose)
        return Answer(None, why_not="Asking the model failed in a way nobody foresaw; the log says more.", calls=tuple(calls))
    finally:
        close_old_connections()


@dataclass(slots=True)
class _Conversation:
    talk: Talk
    bounds: Bounds
    messages: list[BaseMessage]
    quoting: Quoting = field(default_factory=Quoting)
    rounds: int = 0
    tool_calls: int = 0

    def may_use_tools(self) -> bool:
        """Whether tools are offered in the next round."""
        left = self.rounds < self.bounds.rounds and self.tool_calls < self.bounds.tool_calls
        return bool(self.talk.question.tools) and left

    def say(self, *, with_tools: bool) -> Heard:
        """One round. Raises NoAnswer, also where the question has used its tokens."""
        self.rounds += 1
        self._within_tokens()
        question, endpoint = self.talk.question, self.talk.endpoint
        offered = tools.offered(question.tools) if with_tools else []
        body = {} if with_tools else shaping.body(question.shape, endpoint)
        return call(self.talk, self.messages, offered, body)

    def _within_tokens(self) -> None:
        used = budgets.total(ModelCall.objects.filter(pk__in=self.talk.calls)).tokens
        if used >= self.bounds.tokens:
            raise NoAnswer(
                f"It used {used} tokens on this one question without an answer.", cure="Give it more, or a better model."
            )


def _asked(question: Question, endpoint: ModelEndpoint | None, calls: list[int]) -> Answer:
    from langchain_core.messages import HumanMessage, SystemMessage

    from agents.llm import wire  # noqa: F401  seconds of loading, before the question's time begins to run

    chosen = endpoint or endpoints.choose(question.specialist)
    talk = Talk(question, chosen, time.monotonic() + chosen.timeout_seconds, known_secrets(question.run), calls)
    conversation = _Conversation(talk, endpoints.bounds(question.specialist), [])
    system = "\n\n".join([question.system, conversation.quoting.rule, shaping.told(question.shape)])
    conversation.messages += [SystemMessage(system), HumanMessage(question.text)]
    return _answer(conversation, _until_it_answers(conversation))


def _until_it_answers(conversation: _Conversation) -> Heard:
    """Rounds of tools, until it says something else; at the end of what it may use it is told to answer."""
    while conversation.may_use_tools():
        heard = conversation.say(with_tools=True)
        if not heard.calls:
            return heard
        _use_tools(conversation, heard)
    if conversation.talk.question.tools:
        _tell(conversation, ENOUGH)
    return conversation.say(with_tools=False)


def _use_tools(conversation: _Conversation, heard: Heard) -> None:
    """Answer each call it asked for; what is over the limit is answered with a refusal."""
    from langchain_core.messages import ToolMessage

    talk, kept = conversation.talk, []
    conversation.messages.append(_said(heard))
    for number, asked in enumerate(heard.calls):
        conversation.tool_calls += 1
        answer = _tool_answer(conversation, asked)
        kept.append(tools.recorded(asked["name"], asked["arguments"], answer, talk.secrets))
        text = conversation.quoting.piece("answer of a tool", tools.shown(answer, talk.secrets))
        conversation.messages.append(ToolMessage(text, tool_call_id=asked["id"] or f"call-{number}"))
    budgets.tools_used(talk.calls[-1], kept)
    if talk.left() <= 0:
        raise NoAnswer("It did not finish in its time.", Status.TIMED_OUT)


def _tool_answer(conversation: _Conversation, asked: dict[str, Any]) -> ToolAnswer:
    if conversation.tool_calls > conversation.bounds.tool_calls:
        return ToolAnswer("error", asked["name"][:100], error="No more tools may be called for this question.")
    return tools.use(conversation.talk.question.tools, asked["name"], asked["arguments"])


def _answer(conversation: _Conversation, heard: Heard) -> Answer:
    """The value of what was said; once, the model is told what is wrong with it."""
    shape = conversation.talk.question.shape
    try:
        return Answer(shaping.read(heard.text, shape))
    except NoAnswer as wrong:
        budgets.correct(conversation.talk.calls[-1], Status.BROKEN, str(wrong))
        conversation.messages.append(_said(replace(heard, calls=[])))  # tools it asked for after it was told to stop
        _tell(conversation, f"That is not of the shape that was asked for. {wrong}\n{shaping.told(shape)}")
    again = conversation.say(with_tools=False)
    try:
        return Answer(shaping.read(again.text, shape))
    except NoAnswer as wrong:
        budgets.correct(conversation.talk.calls[-1], Status.BROKEN, str(wrong))
        raise NoAnswer(f"Its answer was not of the shape that was asked for: {wrong}", Status.BROKEN) from wrong


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
