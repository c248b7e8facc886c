"""The API keeps what its description promises, whatever is asked: no failure of ours, no undocumented answer, nothing foreign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.db.models import Model
from hypothesis import HealthCheck, given, settings, strategies
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from agents.models import Run
from controlplane.core import tokens
from controlplane.core.actors import Actor
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Role, Verb
from tests.workloads.stage import Stage
from workloads import incidents, reporting
from workloads.models import Change, Deployment, Finding, Incident, Release, Report, WebhookDelivery, WebhookSource

pytestmark = pytest.mark.django_db
HOME, FOREIGN = "shop", "bank"
# Who asks: with which role, in which application; the anonymous have neither.
ASKERS: dict[str, tuple[str, str]] = {
    "anonymous": ("", ""),
    "viewer elsewhere": (Role.VIEWER, FOREIGN),
    "operator": (Role.OPERATOR, HOME),
    "administrator": (Role.ADMINISTRATOR, HOME),
}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROWS: dict[str, type[Model]] = {
    "runs": Run,
    "changes": Change,
    "deployments": Deployment,
    "releases": Release,
    "reports": Report,
    "findings": Finding,
    "incidents": Incident,
    "deliveries": WebhookDelivery,
}
GENERIC = b'{"tool": "NAME-inside", "facts": [{"rule": "NAME-inside", "message": "Of NAME-inside.", "path": "a.py"}]}'


@dataclass(frozen=True)
class Asker:
    """Somebody with a token (empty: without one), and the applications of which nothing may come out to them."""

    token: str
    foreign: tuple[str, ...]

    def leaks(self, text: str) -> list[str]:
        """What shows that something foreign came out. Its bare name comes back to whoever asks for it."""
        signs = [sign for name in self.foreign for sign in (f"{name}-inside", f'"application":"{name}"', f'"name":"{name}"')]
        return [sign for sign in signs if sign in text]


@pytest.fixture
def askers(production: Stage, elsewhere: Stage) -> dict[str, Asker]:
    """Everybody of the list above; and one of each thing, in both applications."""
    places = {HOME: production, FOREIGN: elsewhere}
    root = Actor.person(User.objects.create_superuser("root"))
    for stage in places.values():
        _fill(stage, root)
    return {who: _asker(who, role, places.get(home)) for who, (role, home) in ASKERS.items()}


def _asker(who: str, role: str, home: Stage | None) -> Asker:
    if home is None:
        return Asker("", (HOME, FOREIGN))
    application = home.environment.application
    person = User.objects.create_user(who, f"{role}@example.org")
    RoleBinding.objects.create(user=person, role=role, scope=f"application/{application.pk}")
    token = tokens.issue(Actor.system("test"), person, "contract", list(Verb))[1]
    return Asker(token, tuple({HOME, FOREIGN} - {application.name}))


def _fill(stage: Stage, root: Actor) -> None:
    name = stage.environment.application.name
    incidents.open_for(stage.live(stage.release("v0", message=f"of {name}-inside")), f"{name}-inside was slow.", {})
    stage.propose(stage.release("v1", message=f"of {name}-inside"))
    Run.objects.create(
        workflow="deploy", environment=stage.environment, requested_by_label=f"{name}-inside", idempotency_key=f"of {name}"
    )
    source = WebhookSource.objects.create(
        name=f"{name}-hook", kind="github", application=stage.environment.application, secret="k" * 32
    )
    digests = {"delivery_id": "d-1", "proved_sha256": "1" * 64, "body_sha256": "2" * 64}
    WebhookDelivery.objects.create(source=source, event="push", status="ignored", facts={"title": f"of {name}-inside"}, **digests)
    content = GENERIC.replace(b"NAME", name.encode())
    reporting.receive(root, stage.environment.application, reporting.Sent("generic", "a" * 40, content))


def _ask(asker: Asker, examples: int) -> int:
    """Ask every operation that many times, each as if it were the first request; return how many operations there are."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema", get_wsgi_application())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    for operation in operations:
        _operation(operation, asker, examples)
    return len(operations)


def _operation(operation: Any, asker: Asker, examples: int) -> None:
    headers = {"Authorization": f"Bearer {asker.token}"} if asker.token else {}
    modes = strategies.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE])

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(data=strategies.data())
    def every(data: strategies.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=data.draw(modes)))
        _aim(case, data)
        before = transaction.savepoint()
        try:
            answer = case.call_and_validate(checks=CHECKS, headers=headers)
        finally:
            transaction.savepoint_rollback(before)
        assert not asker.leaks(answer.text), f"{case.method} {case.path}: {answer.text[:500]}"

    every()


def _aim(case: Any, data: strategies.DataObject) -> None:
    """Mostly at something that is there, here or elsewhere; and wait for nobody."""
    if case.path_parameters and data.draw(strategies.integers(0, 3)):
        known = {"name": [HOME, FOREIGN], "environment": ["production"], "variable": ["GREETING"]}
        room = ROWS.get(case.path.split("/")[3])
        numbers = list(room._default_manager.values_list("pk", flat=True)) if room else [1]
        for name in case.path_parameters:
            case.path_parameters[name] = data.draw(strategies.sampled_from(known.get(name, numbers)))
    if isinstance(case.body, dict) and "application" in case.body and data.draw(strategies.booleans()):
        case.body |= {"application": data.draw(strategies.sampled_from([HOME, FOREIGN])), "environment": "production"}
    if case.query and "wait" in case.query:
        case.query["wait"] = 0


@pytest.fixture
def unlimited(settings: Settings) -> Iterator[None]:
    """Nobody asks too often; and requests share the test's connection, as with Django's own client."""
    settings.API_READS_A_MINUTE = settings.API_WRITES_A_MINUTE = settings.API_STRANGERS_A_MINUTE = 10**9
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_a_few_requests_of_each_kind_are_answered_as_described(askers: dict[str, Asker], unlimited: None) -> None:
    assert _ask(askers["operator"], 3) > 40


@pytest.mark.exhaustive
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("who", ASKERS)
def test_very_many_requests_of_each_kind_are_answered_as_described(askers: dict[str, Asker], unlimited: None, who: str) -> None:
    assert _ask(askers[who], 200) > 40
