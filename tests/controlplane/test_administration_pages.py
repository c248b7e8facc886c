"""The admin's pages: each opens for who may, none for the others; records are read only; lists do not slow down with rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import AgentProfile, Run, Step
from controlplane.core import verification
from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, AuditEntry, RoleBinding, User
from controlplane.core.records import RecordAdmin
from tests.controlplane.dashboard.conftest import as_, filled, scene  # noqa: F401
from tests.journeys.scene import Scene
from workloads.models import Application, Change, Deployment, Environment, Finding, Incident, Release

OF_OURS = {"auth", "core", "workloads", "agents", "knowledge", "django_celery_beat"}
REGISTERED = {model: options for model, options in admin.site._registry.items() if model._meta.app_label in OF_OURS}
RECORDS = [model for model, options in REGISTERED.items() if isinstance(options, RecordAdmin)]
PEOPLE = ("superuser", "administrator")


def names(found: list[type[models.Model]]) -> list[str]:
    return sorted(model.__name__ for model in found)


@pytest.fixture
def clients(scene: Scene) -> dict[str, Client]:  # noqa: F811
    """One who is a superuser without a role, one who is no superuser and has the role, and those without the right."""
    User.objects.create_superuser("root", password="correct horse battery staple")
    made = {name: Client() for name in (*PEOPLE, "bob", "carol", "mallory")}
    made["superuser"].force_login(User.objects.get(username="root"))
    made["administrator"].force_login(scene.people["ada"])
    for name in ("bob", "carol", "mallory"):
        made[name].force_login(scene.people[name])
    verification.ask(Actor.system("test"))
    bob = scene.people["bob"]
    ApiToken.objects.create(user=bob, name="ci", digest="d" * 64, verbs=["view"], expires_at=timezone.now())
    return made


def address(model: type[models.Model], page: str, *where: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=where)


def pages(model: type[models.Model]) -> list[str]:
    row = model._default_manager.first()
    found = [address(model, "changelist"), address(model, "changelist") + "?q=x"]
    return found + ([address(model, "change", row.pk), address(model, "history", row.pk)] if row else [])


def test_configuration_and_records_are_registered() -> None:
    configuration = {Application, Environment, AgentProfile, User, RoleBinding}
    records = {Run, Step, Change, Deployment, Release, Finding, Incident, AuditEntry, ApiToken}
    assert configuration <= set(REGISTERED) - set(RECORDS)
    assert records <= set(RECORDS)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_every_page_opens_for_who_may_administer(model: type[models.Model], person: str, clients: dict[str, Client]) -> None:
    for page in pages(model):
        answer = clients[person].get(page)
        assert answer.status_code == 200, page
        assert b"not-shown-anywhere" not in answer.content
    adding = 403 if not REGISTERED[model].has_add_permission(answer.wsgi_request) else 200
    assert clients[person].get(address(model, "add")).status_code == adding


@pytest.mark.parametrize("person", PEOPLE)
def test_the_first_page_lists_everything(person: str, clients: dict[str, Client]) -> None:
    page = clients[person].get(reverse("admin:index")).content.decode()
    assert all(address(model, "changelist") in page for model in REGISTERED)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_no_page_opens_for_the_others(model: type[models.Model], clients: dict[str, Client]) -> None:
    for person in ("bob", "carol", "mallory"):
        for page in [*pages(model), address(model, "add"), reverse("admin:index")]:
            assert clients[person].get(page).status_code == 302
    assert clients["bob"].get(reverse("admin:login")).status_code == 403
    assert Client().get(reverse("admin:login"))["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
def test_a_record_is_not_added_changed_or_deleted(model: type[models.Model], clients: dict[str, Client]) -> None:
    row = model._default_manager.first()
    if row is None:  # none in the scene: adding is all there is to try
        assert clients["superuser"].post(address(model, "add"), {}).status_code == 403
        return
    client, before = clients["superuser"], model._default_manager.filter(pk=row.pk).values().get()
    assert client.post(address(model, "add"), {}).status_code == 403
    assert client.post(address(model, "change", row.pk), {"status": "x", "reason": "x"}).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    client.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_nobody_without_the_right_writes(clients: dict[str, Client]) -> None:
    profile = AgentProfile.objects.get(name="testing")
    for person in ("bob", "carol", "mallory"):
        clients[person].post(address(AgentProfile, "change", profile.pk), {"timeout_seconds": "1", "options": "{}"})
    profile.refresh_from_db()
    assert profile.timeout_seconds == 900


@pytest.mark.parametrize("model", [Run, Deployment, Application, Environment, AuditEntry, RoleBinding])
def test_a_list_asks_as_often_for_ten_rows_as_for_a_thousand(model: type[models.Model], clients: dict[str, Client]) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert clients["administrator"].get(address(model, "changelist")).status_code == 200
        return len(asked)

    _fill(10, 0)
    before = queries()
    _fill(1_000, 10)
    assert queries() == before


def test_a_record_list_counts_no_further_than_its_bound(clients: dict[str, Client]) -> None:
    with CaptureQueriesContext(connection) as asked:
        clients["superuser"].get(address(Run, "changelist"))
    counting = [query["sql"] for query in asked if "COUNT(" in query["sql"]]
    assert counting
    assert all("LIMIT 10000" in sql for sql in counting)


def test_no_secret_is_on_any_page_of_an_environment(clients: dict[str, Client], scene: Scene) -> None:  # noqa: F811
    environment = scene.environments["storefront/production"]
    environment.secret_key, environment.database_url = "not-shown-anywhere", "postgresql://not-shown-anywhere"
    environment.save()
    page = clients["superuser"].get(address(Environment, "change", environment.pk)).content
    assert b"not-shown-anywhere" not in page
    assert b"z" * 24 not in page  # the value of STRIPE_API_KEY


def _fill(count: int, first: int) -> None:
    numbers = range(first, first + count)
    applications = Application.objects.bulk_create(Application(name=f"many-{n}", repository="/srv/git/x") for n in numbers)
    environments = Environment.objects.bulk_create(Environment(application=one, name="local") for one in applications)
    releases = Release.objects.bulk_create(
        Release(application=one, ref="v1", commit="c" * 40, artefact_digest="a", configuration_digest="b", configuration="")
        for one in applications
    )
    pairs = list(zip(numbers, environments, releases, strict=True))
    Run.objects.bulk_create(Run(workflow="deploy", environment=where, idempotency_key=f"many-{n}") for n, where, _ in pairs)
    Deployment.objects.bulk_create(Deployment(environment=where, release=release) for _, where, release in pairs)
    mallory = User.objects.get(username="mallory")
    RoleBinding.objects.bulk_create(
        RoleBinding(user=mallory, role="viewer", scope=f"environment/{where.pk}") for where in environments
    )
    last = AuditEntry.objects.latest("number")
    for n in numbers:
        last.number, last.previous_hash, last.hash = last.number + 1, last.hash, f"{n:064x}"
        last.save(force_insert=True)
