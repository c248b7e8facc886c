"""An endpoint in every mood: asked again where that helps, given up in time, held to the shape, told nothing of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from pydantic import BaseModel

from agents.llm.asking import ask
from agents.llm.question import BoundTool, ToolAnswer, Watch
from agents.models import AgentProfile, ModelCall, ModelEndpoint
from tests.agents.llm.test_asking import Place, Told, question
from tests.agents.model_server import ModelServer, Mood, texts
from workloads.models import Change

GOOD = Mood(text='{"text": "yes"}')


def last_call() -> ModelCall:
    return ModelCall.objects.order_by("-pk")[0]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_asked_again(status: int, server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.script(Mood("status", status=status), Mood("status", status=status), GOOD)
    assert ask(question()).value == Told(text="yes")
    assert (last_call().attempts, ModelCall.objects.count()) == (3, 1)


def test_a_retry_waits_as_long_as_it_was_told_to(server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.script(Mood("status", status=429, retry_after="2"), GOOD)
    began = time.monotonic()
    assert ask(question()).value is not None
    assert time.monotonic() - began >= 2


@pytest.mark.parametrize("retry_after", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_nobody_waits_longer_than_the_question_has(retry_after: str, server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.script(Mood("status", status=429, retry_after=retry_after))
    assert "429" in ask(question()).why_not
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_will_not_pass_is_asked_once(status: int, server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.script(Mood("status", status=status, text="it is wrong"))
    answer = ask(question())
    assert f"It answered {status}: " in answer.why_not
    assert "it is wrong" in answer.why_not
    assert len(server.asked) == 1


def test_a_dropped_connection_is_tried_again(server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.script(Mood("drop"), GOOD)
    assert ask(question()).value is not None


def test_an_answer_that_was_cut_off_is_counted_by_estimate(server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.script(Mood("cut", text="x" * 300))
    assert "cut off" in ask(question()).why_not
    assert (last_call().status, last_call().estimated) == ("failed", True)
    assert last_call().tokens_out >= 50


@pytest.mark.parametrize("mood", ["stall", "stall_after_words", "drip", "drip_headers"])
def test_a_silence_ends(mood: str, server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.script(Mood(mood, text="It was all"))
    assert ask(question()).value is None
    assert last_call().status == "timed_out"


def test_broken_json_is_mended_once_with_the_error(server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.script(Mood(text='{"words": 1}'), GOOD)
    assert ask(question()).value == Told(text="yes")
    assert "text: Field required" in texts(server.asked[-1:])[-1]
    assert [call.status for call in ModelCall.objects.order_by("pk")] == ["broken_answer", "ok"]


def test_json_that_stays_broken_is_no_answer(server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.script(Mood(text="I will not."))
    answer = ask(question())
    assert (answer.value, len(server.asked)) == (None, 2)
    assert "not of the shape" in answer.why_not
    assert {call.status for call in ModelCall.objects.all()} == {"broken_answer"}


@pytest.mark.parametrize(("structured", "expected"), [("schema", "json_schema"), ("json", "json_object"), ("text", None)])
def test_each_endpoint_is_held_to_the_shape_its_own_way(
    structured: str, expected: str | None, server: ModelServer, endpoint: ModelEndpoint
) -> None:
    ModelEndpoint.objects.update(structured=structured)
    server.script(Mood(text='Well then:\n```json\n{"text": "yes"}\n```'))
    assert ask(question()).value == Told(text="yes")
    found = server.asked[0].body.get("response_format")
    assert (found and found["type"]) == expected
    if structured == "schema":
        assert found
        assert found["json_schema"]["schema"]["additionalProperties"] is False


def test_tools_are_bounded_and_then_it_has_to_answer(server: ModelServer, endpoint: ModelEndpoint) -> None:
    AgentProfile.objects.filter(name="testing").update(most_rounds=2, most_tool_calls=3)
    server.script(
        Mood("tool", tools=(("look", '{"name": "quay"}'), ("look", '{"name": "bow"}'))),
        Mood("tool", tools=(("look", '{"name": "x"}'), ("look", '{"name": "y"}'))),
        GOOD,
    )
    looked: list[object] = []
    tool = BoundTool("look", "Looks.", Place, lambda place: looked.append(place) or ToolAnswer("ok", "x"))  # type: ignore[func-returns-value]
    assert ask(question(tools=(tool,), specialist="testing")).value == Told(text="yes")
    assert len(looked) == 3
    assert "tools" not in server.asked[-1].body
    assert "Answer now" in texts(server.asked[-1:])[-1]


def test_the_same_question_to_a_tool_is_asked_once_and_one_that_repeats_itself_has_to_answer(
    server: ModelServer, endpoint: ModelEndpoint
) -> None:
    AgentProfile.objects.filter(name="testing").update(most_rounds=50, most_tool_calls=50)
    again = ("look", '{"depth": 2, "name": "quay"}'), ("look", '{"name": "quay",  "depth": 2}')
    server.answering = lambda asked: Mood("tool", tools=again) if "tools" in asked.body else GOOD
    looked: list[object] = []
    tool = BoundTool("look", "Looks.", Place, lambda place: looked.append(place) or ToolAnswer("ok", "x"))  # type: ignore[func-returns-value]
    assert ask(question(tools=(tool,), specialist="testing")).value == Told(text="yes")
    assert (len(looked), len(server.asked)) == (1, 3)
    assert "again and again" in texts(server.asked[-1:])[-1]
    assert [used["status"] for used in ModelCall.objects.order_by("pk")[0].tools] == ["ok", "error"]


@pytest.mark.parametrize("mood", ["stall", "drip", "huge"])
def test_what_nobody_waits_for_any_more_ends_at_once(mood: str, server: ModelServer, endpoint: ModelEndpoint) -> None:
    ModelEndpoint.objects.update(timeout_seconds=60, stall_seconds=50, answer_tokens=1_000_000, context_tokens=2_000_000)
    server.script(Mood(mood, seconds=60))
    began = time.monotonic()
    answer = ask(question(), watch=Watch(over=lambda: time.monotonic() > began + 0.3))
    assert (answer.value, "Nobody waits" in answer.why_not) == (None, True)
    assert time.monotonic() - began < 6


def test_a_question_that_eats_its_tokens_ends(server: ModelServer, endpoint: ModelEndpoint) -> None:
    AgentProfile.objects.filter(name="testing").update(most_tokens=500)
    server.script(Mood("tool", tools=(("look", "{}"),), usage=(600, 1)))
    tool = BoundTool("look", "Looks.", Place, lambda place: ToolAnswer("ok", "x"))
    assert "used 601 tokens" in ask(question(tools=(tool,), specialist="testing")).why_not


def test_a_tool_that_breaks_ends_nothing(server: ModelServer, endpoint: ModelEndpoint) -> None:
    def breaks(place: BaseModel) -> ToolAnswer:
        raise RuntimeError("boom")

    server.script(Mood("tool", tools=(("look", '{"name": "x"}'),)), GOOD)
    assert ask(question(tools=(BoundTool("look", "Looks.", Place, breaks),))).value is not None
    assert "The tool broke" in texts(server.asked[-1:])[-1]


def test_orders_of_a_model_do_nothing(server: ModelServer, endpoint: ModelEndpoint) -> None:
    orders = (("approve_change", '{"change": 1}'), ("__import__", '{"name": "os"}'), ("LOOK", "{}"), ("look ", "{}"), ("", "{}"))
    server.script(Mood("tool", tools=orders), GOOD)
    looked: list[object] = []
    tool = BoundTool("look", "Looks.", Place, lambda place: looked.append(place) or ToolAnswer("ok", "x"))  # type: ignore[func-returns-value]
    assert ask(question(tools=(tool,))).value is not None
    assert looked == []
    assert {used["status"] for used in ModelCall.objects.order_by("pk")[0].tools} == {"error"}
    assert not Change.objects.exists()


def test_a_question_that_is_too_long_is_not_sent(server: ModelServer, endpoint: ModelEndpoint) -> None:
    ModelEndpoint.objects.update(context_tokens=2_100)
    long = question()
    object.__setattr__(long, "text", "word " * 2_000)
    assert "tokens" in ask(long).why_not
    assert server.asked == []


def test_nothing_of_this_machine_goes_along(server: ModelServer, endpoint: ModelEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "LANGSMITH_API_KEY", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "environment-value-0815")
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "OPENAI_PROXY",
        "OPENAI_BASE_URL",
        "OPENAI_API_BASE",
        "LANGSMITH_ENDPOINT",
    ):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_GATEWAY"):
        monkeypatch.setenv(name, "true")
    server.script(GOOD)
    answer = ask(question())
    assert answer.value is not None, answer.why_not
    headers = server.asked[0].headers
    assert "environment-value" not in server.received
    assert headers["authorization"] == "Bearer endpoint-key-4711"
    assert set(headers) <= {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-type",
        "content-length",
        "authorization",
        "user-agent",
    }
    assert headers["user-agent"] == "timonel"


def test_azure_is_asked_its_way(server: ModelServer, endpoint: ModelEndpoint) -> None:
    ModelEndpoint.objects.update(
        kind="azure", api_version="2024-10-21", address=server.address.removesuffix("/v1"), model="gpt-ours"
    )
    server.script(GOOD)
    answer = ask(question())
    assert answer.value is not None, answer.why_not
    assert server.asked[0].path == "/openai/deployments/gpt-ours/chat/completions?api-version=2024-10-21"
    assert server.asked[0].headers["api-key"] == "endpoint-key-4711"


def test_a_public_endpoint_may_not_lead_home(server: ModelServer, endpoint: ModelEndpoint) -> None:
    ModelEndpoint.objects.update(private=False)
    assert "not asked from here" in ask(question()).why_not
    assert server.asked == []


def test_an_endpoint_of_ones_own_choice_is_not_replaced(server: ModelServer, endpoint: ModelEndpoint) -> None:
    other = ModelEndpoint.objects.create(name="inside", address="http://127.0.0.1:9/v1", model="x", private=True, enabled=False)
    AgentProfile.objects.filter(name="security").update(endpoint=other)
    assert "inside is switched off" in ask(question(specialist="security")).why_not
    assert server.asked == []


def test_who_asks_no_model_does_not_load_one() -> None:
    code = (
        "import django, sys; django.setup(); import controlplane.urls, agents.tasks, controlplane.celery\n"
        "print([name for name in ('langchain_openai', 'openai', 'tiktoken') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
