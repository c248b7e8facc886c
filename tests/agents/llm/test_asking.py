"""A question to a model that streams: its answer is a value, and its call is recorded."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel

from agents.llm.asking import ask
from agents.llm.question import BoundTool, Question, ToolAnswer
from agents.models import ModelCall, ModelEndpoint
from tests.agents.model_server import ModelServer, Mood, texts


class Told(BaseModel):
    text: str


class Place(BaseModel):
    name: str
    depth: int = 1


def question(**more: object) -> Question:
    return Question(purpose="summary", prompt="test@123456789abc", system="Say.", text="What?", shape=Told, **more)  # type: ignore[arg-type]


def test_an_answer_is_a_value_and_its_call_is_recorded(server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.says({"text": "It broke."})
    answer = ask(question())
    assert answer.value == Told(text="It broke."), answer.why_not
    call = ModelCall.objects.get()
    assert answer.calls == (call.pk,)
    assert (call.status, call.tokens_in, call.tokens_out, call.estimated) == ("ok", 100, 20, False)
    assert call.cost == Decimal("0.00045")
    assert (call.model, call.attempts, call.prompt) == ("scripted-1", 1, "test@123456789abc")
    assert (call.set_aside_tokens, call.set_aside_until) == (0, None)


def test_tools_are_called_by_name_with_arguments_of_their_schema(server: ModelServer, endpoint: ModelEndpoint) -> None:
    asked: list[Place] = []

    def look(place: BaseModel) -> ToolAnswer:
        assert isinstance(place, Place)
        asked.append(place)
        return ToolAnswer("ok", f"look {place.name}", {"found": "a berth"})

    server.script(
        Mood("tool", tools=(("look", '{"name": "quay"}'), ("sink", "{}"), ("look", '{"depth": "deep"}'), ("look", "{broken"))),
        Mood(text='{"text": "A berth."}'),
    )
    tool = BoundTool("look", "Looks.", Place, look)
    answer = ask(question(tools=(tool,)))
    assert answer.value == Told(text="A berth."), answer.why_not
    assert asked == [Place(name="quay")]
    told = texts(server.asked[-1:])
    assert "a berth" in told[-4]
    assert "There is no such tool" in told[-3]
    assert "do not fit" in told[-2]
    assert "do not fit" in told[-1]
    assert [used["status"] for used in ModelCall.objects.order_by("pk")[0].tools] == ["ok", "error", "error", "error"]
