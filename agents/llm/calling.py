"""One call of a model: set aside in the budgets, sent, tried again where that may help, settled and recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import close_old_connections

from agents import budgets
from agents.budgets import Need, Use
from agents.llm import estimates
from agents.llm.listening import Heard, Patience, listen
from agents.llm.question import Question, Watch
from agents.llm.troubles import NoAnswer, Status
from agents.models import ModelCall, ModelEndpoint
from controlplane.core.redaction import redact, redact_value

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

MOST_ATTEMPTS = 4
FIRST_WAIT = 0.5  # seconds, doubled from attempt to attempt
CHARACTERS_A_TOKEN = 8  # an answer longer than that for its tokens was not held to its length
BYTES_A_CHARACTER = 100  # each token comes as an event of its own, with names and braces around it


@dataclass(frozen=True, slots=True)
class Talk:
    """One question being asked: to whom, until when (on the clock of time.monotonic), and what must not go along."""

    question: Question
    endpoint: ModelEndpoint
    deadline: float
    secrets: frozenset[str]
    calls: list[int] = field(default_factory=list)
    watch: Watch = field(default_factory=Watch)
    clean: dict[str, str] = field(default_factory=dict)  # what was sent before, as it left

    def redacted(self, text: str) -> str:
        """The text as it leaves. The same messages go out again in every round; each is looked at once."""
        if text not in self.clean:
            self.clean[text] = redact(text, self.secrets)
        return self.clean[text]

    def left(self) -> float:
        """Seconds until its time is over."""
        return max(0.0, self.deadline - time.monotonic())


def call(talk: Talk, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]], body: dict[str, Any]) -> Heard:
    """What the model said. Raises NoAnswer; recorded either way."""
    clean = _redacted(messages, talk)
    sent = estimates.tokens([str(message.content) for message in clean] + [str(tools), str(body)])
    _fits(sent, talk.endpoint)
    record = _reserve(talk, sent)
    close_old_connections()
    began, tally = time.monotonic(), _Tally(sent)
    try:
        heard = _tried(talk, clean, tools, body, tally)
    except NoAnswer as trouble:
        budgets.settle(record, tally.use(trouble.outcome, began, redact(str(trouble), talk.secrets)))
        raise
    except BaseException:
        budgets.settle(record, tally.use(Status.FAILED, began, "It was broken off."))
        raise
    budgets.settle(record, tally.use(Status.OK, began))
    talk.watch.told(record.pk)
    return heard


@dataclass(slots=True)
class _Tally:
    """What the attempts of one call used together. `sent` is the estimate for one attempt."""

    sent: int
    attempts: int = 0
    tokens: tuple[int, int] = (0, 0)
    estimated: bool = False
    model: str = ""

    def add(self, heard: Heard) -> None:
        """One attempt that was read there: by the endpoint's count, or by an estimate."""
        used = heard.counted or (self.sent, estimates.tokens([heard.text, *(one["arguments"] for one in heard.calls)]))
        self.tokens = (self.tokens[0] + used[0], self.tokens[1] + used[1])
        self.estimated = self.estimated or heard.counted is None
        self.model = heard.model or self.model

    def use(self, status: str, began: float, error: str = "") -> Use:
        """As it is recorded."""
        took = int((time.monotonic() - began) * 1_000)
        return Use(status, *self.tokens, self.estimated, took, self.attempts, self.model, error)


def _tried(
    talk: Talk, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]], body: dict[str, Any], tally: _Tally
) -> Heard:
    while True:
        tally.attempts += 1
        heard = Heard()
        try:
            _attempt(talk, heard, messages, tools, body)
        except NoAnswer as trouble:
            if trouble.billed or heard.counted:
                tally.add(heard)
            _wait_or_give_up(talk, trouble, tally.attempts)
            continue
        tally.add(heard)
        return heard


def _attempt(
    talk: Talk, heard: Heard, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]], body: dict[str, Any]
) -> None:
    from agents.llm.wire import Wire  # a second of loading, which only those pay who ask a model

    endpoint = talk.endpoint
    most = endpoint.answer_tokens * CHARACTERS_A_TOKEN
    patience = Patience(endpoint.stall_seconds, talk.deadline, most, talk.watch.over)
    seconds = max(0.1, min(endpoint.stall_seconds, talk.left()))
    wire = Wire(endpoint, seconds=seconds, most_bytes=max(1_000_000, most * BYTES_A_CHARACTER))

    def begin() -> Iterator[Any]:
        return wire.stream(messages, tools, {**body, **_length(endpoint)})

    listen(heard, begin, wire.close, patience)
    if not heard.chunks or not (heard.text or heard.calls):
        raise NoAnswer("It answered nothing.", Status.BROKEN, billed=heard.chunks > 0)


def _wait_or_give_up(talk: Talk, trouble: NoAnswer, attempts: int) -> None:
    """Wait as long as the endpoint asks for, or twice as long as before; raise where that helps nothing or is too long."""
    wait = max(trouble.wait, FIRST_WAIT * 2 ** (attempts - 1))
    if not trouble.again or attempts >= MOST_ATTEMPTS or wait >= talk.left():
        raise trouble
    time.sleep(wait)


def _length(endpoint: ModelEndpoint) -> dict[str, int]:
    """How long the answer may be, by the name the endpoint knows."""
    own = endpoint.kind == ModelEndpoint.Kind.COMPATIBLE
    return {"max_tokens" if own else "max_completion_tokens": endpoint.answer_tokens}


def _fits(sent: int, endpoint: ModelEndpoint) -> None:
    if sent + endpoint.answer_tokens > endpoint.context_tokens:
        raise NoAnswer(
            f"The question has about {sent} tokens; {endpoint.name} takes {endpoint.context_tokens - endpoint.answer_tokens}.",
            cure="Choose a model with a longer context.",
        )


def _reserve(talk: Talk, sent: int) -> ModelCall:
    question = talk.question
    need = Need(
        endpoint=talk.endpoint,
        purpose=question.purpose,
        specialist=question.specialist,
        run=question.run,
        environment=question.environment,
        prompt=question.prompt,
        tokens_in=sent,
        tokens_out=talk.endpoint.answer_tokens,
        seconds=talk.left(),
    )
    record = budgets.reserve(need)
    talk.calls.append(record.pk)
    talk.watch.told(record.pk)
    if record.status == Status.REFUSED:
        raise NoAnswer(record.error, Status.REFUSED, cure="Raise the budget, or wait for its next period.")
    return record


def _redacted(messages: Sequence[BaseMessage], talk: Talk) -> list[BaseMessage]:
    """The messages as they leave: nothing that looks like a secret, nor any that is known; what it said itself included."""
    return [message.model_copy(update=_clean(message, talk)) for message in messages]


def _clean(message: BaseMessage, talk: Talk) -> dict[str, Any]:
    said = {"content": talk.redacted(str(message.content))}
    calls = getattr(message, "tool_calls", None)
    return {**said, "tool_calls": redact_value(calls, talk.secrets)} if calls else said
