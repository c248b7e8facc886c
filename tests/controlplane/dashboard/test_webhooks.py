"""Deliveries on the dashboard: the list with its filters, one with what came of it, and handling it again."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from controlplane.core.models import AuditEntry, OutboxMessage, RoleBinding
from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene
from workloads.models import WebhookDelivery, WebhookSource


def listed(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('id="delivery-')[1:]]


def of(status: str) -> WebhookDelivery:
    return WebhookDelivery.objects.filter(status=status).latest("pk")


def test_the_list_is_filtered_by_state_source_event_and_time(scene: Scene, as_: SignIn) -> None:
    def found(query: str) -> int:
        return len(listed(as_("ada").get(f"/webhooks/?{query}").content.decode()))

    assert found("") == 4
    assert [found(f"status={state}") for state in ("received", "handled", "ignored", "failed")] == [1, 2, 1, 0]
    assert (found("source=alerts"), found("event=push"), found("since=day"), found("status=nonsense")) == (1, 3, 4, 0)


def test_the_list_goes_on_by_cursor_with_as_many_queries(scene: Scene, as_: SignIn) -> None:
    ada = as_("ada")
    with CaptureQueriesContext(connection) as few:
        ada.get("/webhooks/")
    source = WebhookSource.objects.get(name="storefront")
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(source=source, event="push", delivery_id=f"many-{n}", proved_sha256=f"a{n:063x}", outcome=[{"run": n}])
        for n in range(60)
    )
    with CaptureQueriesContext(connection) as many:
        page = ada.get("/webhooks/").content.decode()
    assert len(many) == len(few)
    assert (len(listed(page)), "?before=" in page) == (50, True)


def test_a_delivery_shows_what_came_of_it_and_what_the_forge_was_told(scene: Scene, as_: SignIn) -> None:
    delivery = WebhookDelivery.objects.get(status="handled", event="push")
    page = as_("ada").get(reverse("webhook", args=[delivery.pk])).content.decode()
    for words in ("Rule 10: met.", "timonel/storefront/staging", "Resource not accessible", delivery.facts["commit"], "basket.py"):
        assert words in page
    assert reverse("run", args=[scene.runs["stopped"].pk]) in page
    assert "every 2s" not in page
    assert "every 2s" in as_("ada").get(reverse("webhook", args=[of("received").pk])).content.decode()


def test_a_run_shows_the_delivery_that_asked_for_it_to_who_may_see_it(scene: Scene, as_: SignIn) -> None:
    run = scene.runs["stopped"]
    run.refresh_from_db()
    link = reverse("webhook", args=[run.input["delivery"]])
    assert link in as_("ada").get(reverse("run", args=[run.pk])).content.decode()
    assert link not in as_("bob").get(reverse("run", args=[run.pk])).content.decode()
    WebhookDelivery.objects.all().delete()
    assert link not in as_("ada").get(reverse("run", args=[run.pk])).content.decode()


def test_handling_again_is_audited_and_asked_for_once(scene: Scene, as_: SignIn) -> None:
    delivery, ada = of("ignored"), as_("ada")
    address = reverse("webhook-again", args=[delivery.pk])
    answers = [ada.post(address).status_code for _ in range(2)]
    assert answers == [303, 409]
    delivery.refresh_from_db()
    assert delivery.status == "received"
    assert AuditEntry.objects.get(action="webhook.handle_again").actor_label == "ada"
    assert OutboxMessage.objects.filter(name="agents.react").count() == 1


@pytest.mark.parametrize(("role", "sees"), [("administrator", True), ("approver", False), ("operator", False)])
def test_who_administers_the_application_sees_its_deliveries(role: str, sees: bool, scene: Scene, as_: SignIn) -> None:
    application = scene.environments["storefront/staging"].application_id
    RoleBinding.objects.create(user=scene.people["mallory"], role=role, scope=f"application/{application}")
    page = as_("mallory").get("/webhooks/").content.decode()
    assert len(listed(page)) == (4 if sees else 0)
    assert (f'href="{reverse("webhooks")}"' in as_("mallory").get("/").content.decode()) is sees
