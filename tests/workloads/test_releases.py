"""Releases: made once; either the code, the artefact, the variables or the way of running makes another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from controlplane.core.models import AuditEntry
from tests.workloads.stage import Stage
from workloads import releases
from workloads.models import Release
from workloads.source.project import RunPlan

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Commit:
    sha: str = "a" * 40
    author_name: str = "Dan"
    author_email: str = "Dan@Example.org"
    authored_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    message: str = "Greet. password=hunter2hunter2"


PLAN = RunPlan(settings_module="shop.settings", processes={"web": ["gunicorn"]})


def _make(stage: Stage, **changed: Any) -> Release:
    given = {"commit": Commit(), "artefact_digest": "b" * 64, "configuration": {"A": {"value": "1"}}, "run_plan": PLAN, **changed}
    return releases.create(stage.environment.application, given.pop("commit"), **given, ref="v1")


def test_it_is_made_once(local: Stage) -> None:
    assert _make(local) == _make(local)
    assert AuditEntry.objects.filter(action="release.create").count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"commit": Commit(sha="c" * 40)},
        {"artefact_digest": "d" * 64},
        {"configuration": {"A": {"value": "2"}}},
        {"run_plan": replace(PLAN, processes={"web": ["uvicorn"]})},
        {"image": "ghcr.io/team/shop@sha256:" + "e" * 64},
    ],
)
def test_whatever_differs_makes_another(local: Stage, changed: dict[str, Any]) -> None:
    assert _make(local) != _make(local, **changed)


def test_a_digest_does_not_help_to_guess_a_secret(local: Stage, settings: Any) -> None:
    before = releases.digest({"PIN": {"value": "1234"}}, PLAN)
    settings.SECRET_KEY = "another key"
    assert releases.digest({"PIN": {"value": "1234"}}, PLAN) != before


def test_what_a_commit_says_is_redacted_and_its_author_known(local: Stage) -> None:
    release = _make(local)
    assert "hunter2" not in release.message
    assert releases.author_email(release) == "dan@example.org"
    assert Release.objects.get().configuration == {"A": {"value": "1"}}


@pytest.mark.parametrize("author", ["", "Dan", "Dan <>", "Dan <nowhere>"])
def test_an_author_without_an_address_has_none(author: str) -> None:
    assert releases.author_email(Release(commit_author=author)) == ""
