"""A run with a step that a specialist found fault with, a model that reads it, and what the database holds apart from that."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.utils import timezone

from agents import runs
from agents.models import AgentProfile, ModelEndpoint, Reading, Run, Step
from agents.readings import asked, writing
from controlplane.core.actors import Actor
from tests.agents.model_server import ModelServer, Mood
from tests.workloads.stage import Stage, stage
from workloads import findings
from workloads.evidence import Fact

_numbers = itertools.count(1)
COMMIT = "c" * 40
GOOD = {"text": "The name is not defined.", "facts": ["e1"], "risks": [{"text": "It stops.", "level": "high", "facts": ["e1"]}]}
# What a reading may leave behind, and what goes with it. `core` rows: its audit, its commands.
OF_A_READING = {"agents.reading", "agents.reading_calls", "agents.modelcall", "core.auditentry", "core.outboxmessage"}
OF_A_PROPOSAL = {"agents.proposal", "workloads.change", "workloads.action", "workloads.deployment", "workloads.change_proposers"}
OF_A_PROPOSAL |= {"workloads.announcement"}  # people are told that it waits for them


@dataclass
class Think:
    """An environment with a verified release behind the live one, and a model for every specialist."""

    place: Stage
    server: ModelServer
    endpoint: ModelEndpoint
    steps: list[Step] = field(default_factory=list)

    def step(
        self, node: str, *, verdict: str = "failed", evidence: Sequence[dict[str, Any]] = (), summary: str = "It is wrong."
    ) -> Step:
        """A step of a run that ended, as the runner leaves it; its reading is asked for."""
        run = self.run()
        if node != "checkout":
            body = {"commit": COMMIT}
            told = [{"title": "Commit", "kind": "json", "body": body, "asked": "", "verdict": None}]
            self._step(run, "checkout", "passed", told, "")
        step = self._step(run, node, verdict, evidence or [piece("The log", "NameError: x")], summary)
        asked.of_step(step)
        return step

    def run(self) -> Run:
        number = next(_numbers)
        actor = Actor.system("test")
        return runs.start(actor, self.place.environment, "deploy", {"ref": "v9"}, idempotency_key=f"thinking-{number}")

    def facts(self, step: Step, *facts: Fact) -> None:
        findings.record(self.place.environment.application, step.run_id, COMMIT, facts, None)

    def read(self, step: Step) -> Reading:
        """Its reading, written."""
        asked.of_step(step)
        reading = Reading.objects.get(step=step)
        writing.write(reading.pk)
        reading.refresh_from_db()
        return reading

    def _step(self, run: Run, node: str, verdict: str, evidence: Sequence[dict[str, Any]], summary: str) -> Step:
        now = timezone.now()
        values = {"verdict": verdict, "summary": summary, "cure": "Mend it.", "evidence": list(evidence)}
        return Step.objects.create(run=run, node=node, status=Step.Status.DONE, started_at=now, finished_at=now, **values)


def think(server: ModelServer, tier: str = "production") -> Think:
    """Every specialist thinks, on a scripted model."""
    place = stage(tier, tier)
    place.live(place.release("v1"))
    place.live(place.release("v2"))
    place.environment.refresh_from_db()
    endpoint = ModelEndpoint.objects.create(
        name="scripted", address=server.address, model="scripted", private=True, is_default=True, timeout_seconds=4, stall_seconds=1
    )
    AgentProfile.objects.update(thinking=True)
    server.says(GOOD)
    return Think(place, server, endpoint)


def piece(title: str, body: Any, kind: str = "log", verdict: str | None = "failed") -> dict[str, Any]:
    """A piece of evidence as a step keeps it."""
    return {"title": title, "kind": kind, "body": body, "asked": "", "verdict": verdict}


def tool(*calls: tuple[str, Any]) -> Mood:
    """The model asks for these tools."""
    return Mood("tool", tools=tuple((name, given if isinstance(given, str) else json.dumps(given)) for name, given in calls))


def answers(value: Any = None) -> Mood:
    """The model answers."""
    return Mood(text=json.dumps(GOOD if value is None else value))


def rows() -> dict[str, str]:
    """Every row of every table, as one text a table: what is equal was not written to."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            values = sorted(str(row) for row in model._base_manager.values_list())
            found[model._meta.label_lower] = "\n".join(values)
    return found


def written(before: dict[str, str]) -> set[str]:
    """The tables that hold something else now."""
    return {table for table, text in rows().items() if before.get(table) != text}
