"""An environment on a fake cluster, a model that investigates it as scripted, and inquiries answered at once."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents import inquiries
from agents.models import Inquiry, ModelEndpoint
from agents.readings import writing
from controlplane.core.actors import Actor
from controlplane.core.models import User
from knowledge.models import EmbeddingModel
from tests import afloat
from tests.agents.model_server import Asked, ModelServer, Mood
from tests.agents.thinking_stage import tool
from tests.fake_cluster import FakeCluster
from workloads.models import Application, Environment

ID = re.compile(
    r"\b(?:object|event|log|metric|alert|probe|diagnosis|symptom|change|knowledge|deployment|finding|incident)-[0-9a-f]{6,16}\b"
)
_numbers = itertools.count(1)


@dataclass
class Place:
    """Where it plays."""

    environment: Environment
    server: ModelServer

    def ask(self, question: str = "What is wrong?", actor: Actor | None = None) -> Inquiry:
        """Ask, and have it answered."""
        asked = self.open(question, actor)
        writing.write(asked.reading_id)
        return self.again(asked)

    def open(self, question: str = "What is wrong?", actor: Actor | None = None) -> Inquiry:
        """Ask only."""
        return inquiries.ask(actor or Actor.system("test"), self.environment, question, key=str(next(_numbers)))

    def again(self, inquiry: Inquiry) -> Inquiry:
        """As it stands now."""
        return Inquiry.objects.select_related("reading", "diagnosis").get(pk=inquiry.pk)

    def connect(self, **more: Any) -> ModelEndpoint:
        """The scripted model as the default endpoint."""
        values = {"private": True, "is_default": True, "timeout_seconds": 60, "stall_seconds": 30, "context_tokens": 64_000}
        return ModelEndpoint.objects.create(name="scripted", address=self.server.address, model="scripted", **{**values, **more})

    def goes(self, *steps: Callable[[Asked], Mood]) -> None:
        """The model's steps by the number of its answers so far; the last one stays."""

        def answering(asked: Asked) -> Mood:
            rounds = len([one for one in asked.body["messages"] if one["role"] == "assistant"])
            return steps[min(rounds, len(steps) - 1)](asked)

        self.server.answering = answering


def place(cluster: FakeCluster, server: ModelServer) -> Place:
    """The environment of `tests.afloat`, which no model knows yet."""
    if not EmbeddingModel.objects.exists():  # a test before this one may have emptied every table
        EmbeddingModel.objects.create(pk=1, name="all-MiniLM-L6-v2", kind="local", dimension=384, status="active")
    application = Application.objects.create(name="shop", repository="/nowhere")
    return Place(afloat.moor(application, cluster), server)


def person(name: str, role: str, environment: Environment) -> Actor:
    """Somebody with this role in the environment."""
    from controlplane.core.models import RoleBinding

    user = User.objects.create_user(name)
    RoleBinding.objects.create(user=user, role=role, scope=f"environment/{environment.pk}")
    return Actor.person(user)


def calls(*asked: tuple[str, Any]) -> Callable[[Asked], Mood]:
    """It asks for these tools."""
    return lambda _: tool(*asked)


def replies(**said: Any) -> Callable[[Asked], Mood]:
    """It answers; `...` as evidence stands for the last id that it was shown."""

    def answering(asked: Asked) -> Mood:
        ids = seen(asked)
        value = {"answer": "The worker needs more memory.", "evidence": ids[-1:], "claims": [], "engine": "agrees", "differs": None}
        return Mood(
            text=json.dumps({**value, "unknown": [], **{name: one(ids) if callable(one) else one for name, one in said.items()}})
        )

    return answering


def seen(asked: Asked) -> list[str]:
    """Every id that it was shown, in order."""
    return ID.findall("\n".join(str(one.get("content")) for one in asked.body["messages"] if one["role"] in ("user", "tool")))
