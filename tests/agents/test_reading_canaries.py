"""Nearly a hundred formats of secrets stand in what a model is asked about, and in what it answers: none arrives, none stays."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from pydantic import BaseModel

from agents import runner
from agents.llm.asking import ask
from agents.llm.question import BoundTool, Question, ToolAnswer
from agents.models import ModelCall, ModelEndpoint, Reading, Run
from agents.readings import writing
from controlplane.core.models import User
from controlplane.core.redaction import RedactingFormatter
from tests.agents.model_server import Asked, ModelServer, Mood
from tests.agents.test_canaries import CANARIES, Leaking, leaked, leaks_of_database
from workloads.models import Environment, Variable

KNOWN = "an-innocent-looking-name"  # no pattern knows it: only the environment's own variables do
TEXTS = [canary.text for canary in CANARIES]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def endpoint(server: ModelServer, transactional_db: None) -> ModelEndpoint:
    return ModelEndpoint.objects.create(
        name="scripted", address=server.address, model="scripted", private=True, is_default=True, context_tokens=1_000_000
    )


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(RedactingFormatter("%(message)s"))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield said
    root.removeHandler(handler)
    root.setLevel(level)


class Place(BaseModel):
    name: str = ""


class Told(BaseModel):
    text: str


def test_no_reading_takes_or_keeps_a_secret(
    server: ModelServer,
    endpoint: ModelEndpoint,
    environment: Environment,
    start: Callable[..., Run],
    tmp_path: Path,
    log: io.StringIO,
    admin: User,
    client: Client,
) -> None:
    Variable.objects.create(environment=environment, name="GREETING", value=KNOWN, secret=True)
    runs = [start(), start()]
    runner.drive(runs[0].pk, Leaking(tmp_path / "broken", broken=["testing"]))
    runner.drive(runs[1].pk, Leaking(tmp_path / "refused", refusing=["testing"]))
    Run.objects.filter(pk=runs[0].pk).update(result={"summary": f"It printed {KNOWN}."})
    risk = {"text": "Beware.", "level": "low", "facts": ["F1"]}
    answers = [{"text": text, "facts": ["F1", text], "risks": [risk]} for text in ("\n".join(TEXTS)[:1_900], TEXTS[0])]
    server.script(*(Mood(text=json.dumps(answer)) for answer in answers))
    for reading in Reading.objects.order_by("pk"):
        writing.write(reading.pk)
    assert [one.status for one in Reading.objects.all()] == ["written", "written"]
    assert len(server.asked) == 2
    assert len(server.received) > 5_000
    assert leaked(server.received) == []
    assert KNOWN not in server.received
    assert leaks_of_database() == set()
    assert leaked(log.getvalue()) == []
    client.force_login(admin)
    for place in (f"/runs/{runs[0].pk}/", f"/api/v1/runs/{runs[1].pk}", "/admin/agents/modelcall/", "/api/v1/model-calls"):
        assert leaked(client.get(place).content.decode()) == []


def test_no_tool_and_no_error_lets_a_secret_by(server: ModelServer, endpoint: ModelEndpoint, log: io.StringIO) -> None:
    def answering(asked: Asked) -> Mood:
        turn = len(server.asked)
        if turn == 1:
            return Mood("tool", tools=tuple(("look", json.dumps({"name": text})) for text in TEXTS[:40]))
        return Mood("status", status=400, text="\n".join(TEXTS))

    server.answering = answering
    tool = BoundTool("look", "Looks.", Place, lambda place: ToolAnswer("ok", place.name, {"said": TEXTS, "again": place.name}))  # type: ignore[attr-defined]
    question = Question("reading", "x@1", "Look.", "\n".join(TEXTS), Told, tools=(tool,))
    answer = ask(question)
    assert answer.value is None
    assert leaked(answer.why_not) == []
    assert leaked(server.received) == []
    assert ModelCall.objects.filter(tools__0__status="ok").exists()
    assert leaks_of_database() == set()
    assert leaked(log.getvalue()) == []
