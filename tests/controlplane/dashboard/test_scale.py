"""Lists ask the database as many questions for ten thousand rows as for ten, and few."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.core.models import RoleBinding, User
from tests.scale import Load, fill
from workloads.models import Application

LISTS = (
    "/",
    "/?show=trouble",
    "/?q=app-00000",
    "/inbox/",
    "/runs/",
    "/runs/?environment=app-000001",
    "/runs/?q=nothing&by=some&workflow=deploy&since=week",
    "/deployments/",
    "/incidents/",
    "/findings/",
    "/findings/?application=app-000001",
    "/specialists/",
    "/metrics/",
    "/metrics/runs.json?days=90",
    "/metrics/deployments.json?environment=app-000001",
    "/search/?q=app",
    "/environments/menu/",
    "/applications/{application}/",
    "/applications/{application}/compare/",
)
MOST_QUESTIONS = 12


@pytest.mark.parametrize("everywhere", [True, False], ids=["an administrator", "a viewer of one application"])
def test_lists_ask_few_questions_however_many_rows_there_are(everywhere: bool, db: None) -> None:
    few, many = questions(10, everywhere), questions(10_000, everywhere)
    for address in LISTS:
        assert len(many[address]) == len(few[address]) <= MOST_QUESTIONS, (address, few[address], many[address])


def questions(rows: int, everywhere: bool) -> dict[str, list[str]]:
    """What each list asks of the database when there are so many rows of every kind, after a first look at the page."""
    with transaction.atomic():
        fill(Load(rows, rows, rows, rows, rows, rows))
        client = signed_in(everywhere)
        numbers = {"application": Application.objects.get(name="app-000001").pk}
        pages = {address: address.format(**numbers) for address in LISTS}
        found = {address: (asked(client, page), asked(client, page))[1] for address, page in pages.items()}
        transaction.set_rollback(True)
    return found


def signed_in(everywhere: bool) -> Client:
    person = User.objects.create_user("somebody", is_superuser=everywhere)
    if not everywhere:
        seen = Application.objects.get(name="app-000001")
        RoleBinding.objects.create(user=person, role="viewer", scope=f"application/{seen.pk}")
    client = Client()
    client.force_login(person)
    return client


def asked(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200, address
    return [query["sql"] for query in found.captured_queries]
