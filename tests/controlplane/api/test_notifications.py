"""Notifications over the API."""

from __future__ import annotations

import pytest
from django.utils import timezone

from controlplane.core.models import AuditEntry, User
from controlplane.core.permissions import Verb
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import Stage
from workloads.models import Announcement, Change, Notification, NotificationAttempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(change: Change) -> Notification:
    told, now = Announcement.objects.latest("pk"), timezone.now()
    made = Notification.objects.create(
        announcement=told,
        receiver="channel-9",
        receiver_label="team",
        kind=told.kind,
        subject=told.subject,
        status="failed",
        due_at=now,
        asked_at=now,
    )
    NotificationAttempt.objects.create(
        notification=made, via="channel-9", number=1, began_at=now, finished_at=now, delivered=False, answer_code=404
    )
    return made


def test_the_log_is_listed_and_filtered(client_of: Client, admin: User, failed: Notification) -> None:
    client = client_of(admin)
    (row,) = client.get("/api/v1/notifications").json()["results"]
    assert (row["title"], row["status"], row["key"]) == (failed.announcement.title, "failed", str(failed.key))
    for query, count in {f"subject={failed.subject}": 1, "status=sent": 0, "kind=run_failed": 0, "channel=x": 0}.items():
        assert len(client.get(f"/api/v1/notifications?{query}").json()["results"]) == count
    assert client.get("/api/v1/notifications?status=odd").status_code == 400


def test_one_message_comes_with_its_attempts(client_of: Client, admin: User, failed: Notification) -> None:
    found = client_of(admin).get(f"/api/v1/notifications/{failed.pk}").json()
    assert found["notification"]["id"] == failed.pk
    assert [(one["number"], one["answer_code"], one["delivered"]) for one in found["attempts"]] == [(1, 404, False)]
    assert client_of(admin).get("/api/v1/notifications/0").status_code == 404


def test_sending_again_is_done_once_a_key_and_audited(client_of: Client, admin: User, failed: Notification) -> None:
    client, address = client_of(admin), f"/api/v1/notifications/{failed.pk}/send-again"
    for _ in range(2):
        answer = client.post(address, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    assert client.post(address).status_code == 409
    assert AuditEntry.objects.filter(action="notification.send_again").count() == 1


def test_a_token_that_may_only_view_sees_no_log(
    client_of: Client, admin: User, bob: User, failed: Notification, production: Stage
) -> None:
    here = f"environment/{production.environment.pk}"
    for client in (client_of(admin, Verb.VIEW), client_of(bob), client_of(admin, *Verb, scope=here)):
        assert client.get("/api/v1/notifications").status_code == 403
        assert client.post(f"/api/v1/notifications/{failed.pk}/send-again").status_code == 403
