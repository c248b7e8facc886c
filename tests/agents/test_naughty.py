"""Naughty strings wherever text comes in from outside: each is kept, shown and given back; none stops a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from agents import runner
from agents.context import Context
from agents.models import Run
from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from controlplane.core.models import User
from controlplane.core.plain import storable
from tests.agents.fakes import FakeOperations
from tests.naughty.strings import BYTES, EVERY, LIST, MARKUP
from workloads import findings, incidents, releases
from workloads.adapters.git import Commit
from workloads.evidence import Assessment, Evidence, Fact
from workloads.models import Deployment, Environment
from workloads.source.project import RunPlan

Start = Callable[..., Run]
SAID = (*BYTES, *MARKUP, *LIST[::8])


class Naughty(FakeOperations):
    """Specialists that put every string wherever a specialist may put text."""

    def assess(self, context: Context, specialist: str, commit: str) -> Assessment:
        for text in SAID:
            context.say(text, kind="line")
        if specialist in self.scenario.get("broken", []):
            raise RuntimeError(storable("\n".join(SAID)))  # logged by the tests' own reporter, which bears no half characters
        if specialist in self.scenario.get("refusing", []):
            raise Invalid("\n".join(SAID), cure="\n".join(SAID))
        said = "\n".join(SAID)
        found = super().assess(context, specialist, commit)
        return replace(found, summary=said, cure=said, evidence=tuple(evidence()), data={**found.data, "said": list(SAID)})


def evidence() -> list[Evidence]:
    """Every string in every kind of evidence."""
    said = "\n".join(SAID)
    table = Evidence(said, "table", {"columns": list(SAID), "rows": [list(SAID)]}, asked=said)
    answers = {"method": said, "url": said, "status": said, "milliseconds": said, "note": said}
    pieces = [Evidence(said, kind, said, asked=said) for kind in ("text", "log", "diff")]  # type: ignore[arg-type]
    return [table, Evidence(said, "request", answers), Evidence(said, "json", {text: text for text in SAID}), *pieces]


@pytest.mark.slow
def test_no_run_is_stopped_by_what_its_tools_say(start: Start, tmp_path: Path, admin: User) -> None:
    good, broken, refused = start(), start(), start()
    runner.drive(good.pk, Naughty(tmp_path / "good"))
    runner.drive(broken.pk, Naughty(tmp_path / "broken", broken=["testing"]))
    runner.drive(refused.pk, Naughty(tmp_path / "refused", refusing=["testing"]))
    assert len(good.steps.get(node="testing").evidence) == 6
    client = Client()
    client.force_login(admin)
    cache.clear()
    for run in (good, broken, refused):
        for page in (
            f"/runs/{run.pk}/?node=testing",
            f"/runs/{run.pk}/log/",
            f"/runs/{run.pk}/log/lines/",
            f"/api/v1/runs/{run.pk}",
        ):
            assert client.get(page).status_code == 200, page


def test_every_record_takes_every_string(environment: Environment, admin: User) -> None:
    actor, application = Actor.person(admin), environment.application
    facts = [Fact("tool", text, "low", text, text, number, text, text) for number, text in enumerate(EVERY)]
    findings.record(application, 1, "c" * 40, facts, None)
    for number, text in enumerate(SAID):
        commit = Commit(f"{number:040x}", text, text, datetime(2026, 1, 1, tzinfo=UTC), "t" * 40, text)
        release = releases.create(application, commit, "d", {"GREETING": text}, RunPlan("shop.settings"), ref=text[:200])
        deployment = Deployment.objects.create(environment=environment, release=release, status="failed")
        incidents.open_for(deployment, text, {"said": text, text: text})
        with transaction.atomic():
            audit.record(actor, "test.say", environment, before={text: text}, after={"said": [text]}, reason=text)
    client = Client()
    client.force_login(admin)
    for page in ("/findings/", "/incidents/", "/deployments/", "/audit/", f"/applications/{application.pk}/"):
        assert client.get(page).status_code == 200, page
