"""Nearly a hundred formats of secrets go in wherever text from outside comes in; none comes out anywhere."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory
from rest_framework.exceptions import ValidationError

from agents import runner
from agents.context import Context
from agents.models import Run
from controlplane.core import audit, queue
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from controlplane.core.models import AuditEntry, OutboxMessage, User
from controlplane.core.problems import problem_json
from controlplane.core.redaction import RedactingFormatter, redact
from controlplane.dashboard import door
from tests.agents.fakes import FakeOperations
from tests.core.canaries import Canary, every
from workloads import findings, incidents
from workloads.evidence import Assessment, Evidence, Fact
from workloads.models import Deployment, Environment, Release
from workloads.verdicts import Verdict

CANARIES = every()
FORMATTERS: Any = settings.LOGGING["formatters"]
LINE = FORMATTERS["line"]
Start = Callable[..., Run]
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")


class Leaking(FakeOperations):
    """Specialists that put every canary wherever a specialist may put text."""

    def assess(self, context: Context, specialist: str, commit: str) -> Assessment:
        texts = [canary.text for canary in CANARIES]
        for text in texts:
            context.say(text, kind="line")
        if specialist in self.scenario.get("broken", []):
            raise RuntimeError("\n".join(texts))
        if specialist in self.scenario.get("refusing", []):
            raise Invalid("\n".join(texts), cure="\n".join(texts))
        found = super().assess(context, specialist, commit)
        evidence = tuple(_evidence(text) for text in texts)
        summary = "\n".join([found.summary, *texts])
        return Assessment(found.verdict, summary, summary, evidence, data={**found.data, "said": texts})


def _evidence(text: str) -> Evidence:
    body = {"text": text, "rows": [[text]], text: "key"}
    return Evidence(text, "json", body, asked=text, verdict=Verdict.PASSED)


def leaked(text: str) -> list[str]:
    """The names of the canaries that are in the text, whole or with a piece of twelve letters from their middle."""
    return sorted(canary.name for canary in CANARIES if any(piece in text for piece in _pieces(canary)))


def _pieces(canary: Canary) -> tuple[str, ...]:
    middle = len(canary.secret) // 2
    return (canary.secret, canary.secret[middle - 6 : middle + 6]) if len(canary.secret) >= 24 else (canary.secret,)


def leaks_of_database() -> set[str]:
    """The tables and columns that hold a canary, bytes looked at as they are."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column.name for column in cursor.description]
            for row in cursor.fetchall():
                found |= {f"{table}.{name}" for name, value in zip(names, row, strict=True) if leaked(_as_text(value))}
    return found


def _as_text(value: object) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)


def test_there_are_fifty_formats_and_more() -> None:
    assert len({canary.name for canary in CANARIES}) >= 50


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
def test_each_format_is_redacted(canary: Canary) -> None:
    assert leaked(canary.text) == [canary.name]  # the search itself works
    assert leaked(redact(canary.text)) == []


def test_no_run_leaves_a_secret_in_the_database_or_on_its_pages(start: Start, tmp_path: Path, admin: User) -> None:
    good = start()
    runner.drive(good.pk, Leaking(tmp_path / "good", broken=["security"]))
    broken = start()
    runner.drive(broken.pk, Leaking(tmp_path / "broken", broken=["testing"]))
    refused = start()
    runner.drive(refused.pk, Leaking(tmp_path / "refused", refusing=["testing"]))
    assert good.steps.get(node="testing").evidence
    assert leaks_of_database() == set()
    client = Client()
    client.force_login(admin)
    cache.clear()
    for run in (good, broken, refused):
        for page in (f"/runs/{run.pk}/?node=testing", f"/runs/{run.pk}/log/", f"/admin/agents/run/{run.pk}/change/"):
            answer = client.get(page)
            assert answer.status_code == 200
            assert leaked(answer.content.decode()) == [], page


def test_no_record_keeps_a_secret(environment: Environment, admin: User) -> None:
    texts = [canary.text for canary in CANARIES]
    said = {"list": texts, "nested": {"deep": texts}, **dict.fromkeys(texts, "key")}
    with transaction.atomic():
        for text in texts:
            audit.record(Actor.person(admin), "test.say", environment, before={"text": text}, after={"text": [text]}, reason=text)
        audit.record(Actor.person(admin), "test.say", environment, before=said, after=said)
    facts = [Fact("tool", text, "low", text, text, number, text, text) for number, text in enumerate(texts)]
    findings.record(environment.application, 1, "c" * 40, facts, None)
    release = Release.objects.create(application=environment.application, ref="v1", commit="c", configuration="")
    deployment = Deployment.objects.create(environment=environment, release=release)
    incidents.open_for(deployment, "It fell over", {"said": texts})
    assert leaks_of_database() == set()
    client = Client()
    client.force_login(admin)
    for page in ("/audit/export.csv", "/audit/export.jsonl"):
        content = b"".join(client.get(page)).decode()
        assert content.count("test.say") == len(texts) + 1
        assert leaked(content) == []
    entry = AuditEntry.objects.filter(action="test.say").latest("number")
    for page in (f"/audit/{entry.number}/", f"/admin/core/auditentry/{entry.number}/change/", "/findings/"):
        assert leaked(client.get(page).content.decode()) == [], page


def test_no_log_line_tells_a_secret() -> None:
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(RedactingFormatter(LINE["format"]))
    log = copy(logging.getLogger("canaries"))
    log.handlers, log.propagate = [handler], False
    for canary in CANARIES:
        log.warning("it said %s", canary.text)
        try:
            raise RuntimeError(canary.text)
        except RuntimeError:
            log.exception("it broke with %r", {"said": canary.text})
    assert "Traceback" in said.getvalue()
    assert leaked(said.getvalue()) == []
    assert LINE["()"].endswith(RedactingFormatter.__name__)


def test_no_answer_to_an_error_tells_a_secret(admin: User) -> None:
    request: HttpRequest = RequestFactory().get("/")
    request.user = admin
    for canary in CANARIES:
        error = Invalid(canary.text, cure=canary.text)
        page = door.problem(request, error).content.decode()
        answers = [
            problem_json(error, {"request": request}),
            problem_json(ValidationError({"x": [canary.text]}), {"request": request}),
        ]
        told = [page, str(error), repr(error), *(json.dumps(answer.data, ensure_ascii=False) for answer in answers if answer)]
        assert len(told) == 5
        assert leaked("\n".join(told)) == [], canary.name


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
def test_no_task_is_given_a_secret(canary: Canary, db: None) -> None:
    with pytest.raises(ValueError, match="never content"):
        queue.enqueue("agents.drive_run", canary.text)
    assert not OutboxMessage.objects.exists()
