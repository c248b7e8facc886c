"""What a person is told themselves: chosen on their own page."""

from __future__ import annotations

from datetime import time

import pytest
from django.test import Client

from controlplane.core.models import AuditEntry, User
from workloads.models import NotificationSettings

pytestmark = pytest.mark.django_db
CHOSEN = {
    "kinds": ["run_failed", "incident_opened"],
    "quiet_from": "22:00",
    "quiet_until": "07:00",
    "quiet_zone": "Europe/Madrid",
    "breaks_through": ["incident_opened"],
}


def test_a_person_chooses_what_they_are_told(alice: User, client: Client) -> None:
    client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    page = client.get("/account/").content.decode()
    assert "alice@example.org" in page
    assert client.post("/account/notifications/", CHOSEN).status_code == 303
    chosen = NotificationSettings.objects.get(person=alice)
    assert (chosen.kinds, chosen.quiet_from, chosen.quiet_zone) == (CHOSEN["kinds"], time(22), "Europe/Madrid")
    entry = AuditEntry.objects.get(action="notificationsettings.change")
    assert entry.actor_label == "alice"
    assert entry.after is not None
    assert entry.after["quiet_from"] == "22:00:00"
    page = client.get("/account/").content.decode()
    assert 'value="22:00"' in page
    assert "Your notification settings are saved." in page


@pytest.mark.parametrize(
    ("field", "value"),
    [("kinds", ["nonsense"]), ("kinds", ["test"]), ("quiet_zone", "Nowhere/Land"), ("quiet_until", ""), ("quiet_from", "25:00")],
)
def test_a_choice_that_makes_no_sense_is_refused_and_nothing_typed_is_lost(
    alice: User, client: Client, field: str, value: object
) -> None:
    client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    answer = client.post("/account/notifications/", CHOSEN | {field: value})
    assert answer.status_code == 400
    assert not NotificationSettings.objects.exists()
    assert 'role="alert"' in answer.content.decode()
    assert 'value="incident_opened"' in answer.content.decode()
