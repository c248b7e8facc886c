"""The delivery log, sending again, and what a person is told themselves."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene
from workloads.models import Announcement, Notification, NotificationChannel

pytestmark = pytest.mark.django_db


def test_the_log_is_filtered_by_state_kind_and_channel(scene: Scene, as_: SignIn) -> None:
    ada, team = as_("ada"), NotificationChannel.objects.get(name="team chat")
    wanted = {"": 5, "state=failed": 1, "kind=run_stuck": 1, f"channel={team.pk}": 2, "state=nonsense": 0, "channel=x": 5}
    for query, count in wanted.items():
        page = ada.get(f"/notifications/?{query}").content.decode()
        assert page.count('<tr id="notification-') == count, query


def test_one_message_shows_each_attempt_and_why(scene: Scene, as_: SignIn) -> None:
    row = Notification.objects.get(status="failed")
    page = as_("ada").get(f"/notifications/{row.pk}/").content.decode()
    for said in ("It answered 404 Not Found. no_service", "137 ms", "The receiver refuses it", str(row.key), "Send again"):
        assert said in page
    waiting = Notification.objects.get(status="waiting")
    page = as_("ada").get(f"/notifications/{waiting.pk}/").content.decode()
    assert page.count('<tr id="attempt-') == 2
    assert "Send again" not in page


def test_send_again_is_a_form_that_leads_back(scene: Scene, as_: SignIn) -> None:
    row = Notification.objects.get(status="failed")
    answer = as_("ada").post(f"/notifications/{row.pk}/send-again/")
    assert (answer.status_code, answer["Location"]) == (303, f"/notifications/{row.pk}/")
    row.refresh_from_db()
    assert row.status == "waiting"
    assert as_("ada").post(f"/notifications/{row.pk}/send-again/").status_code == 409


def test_the_log_is_for_administrators_of_everything(scene: Scene, as_: SignIn) -> None:
    for name in ("alice", "bob", "carol", "mallory"):
        assert as_(name).get("/notifications/").status_code == 403
        assert "/notifications/" not in as_(name).get("/").content.decode()
    assert "/notifications/" in as_("ada").get("/").content.decode()


def test_the_log_asks_as_often_for_ten_rows_as_for_a_thousand(scene: Scene, as_: SignIn) -> None:
    told = Announcement.objects.latest("pk")
    what = {
        "announcement": told,
        "kind": told.kind,
        "subject": told.subject,
        "due_at": told.created_at,
        "asked_at": told.created_at,
    }

    def fill(numbers: range) -> None:
        rows = (Notification(receiver=f"channel-{n}", receiver_label="x", status="sent", **what) for n in numbers)
        Notification.objects.bulk_create(rows)

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/notifications/").status_code == 200
        return len(asked)

    client = as_("ada")
    client.get("/notifications/")
    fill(range(1_000, 1_010))
    few = questions()
    fill(range(2_000, 3_000))
    assert questions() == few <= 12
