"""Windows in the administration: refused with how to mend them, previewed, audited, and heard by whoever waits."""

from __future__ import annotations

import html

import pytest
from django.test import Client
from django.urls import reverse

from controlplane.core.models import AuditEntry, OutboxMessage, User
from tests.workloads.stage import stage
from workloads.changes import waiting
from workloads.models import Window

pytestmark = pytest.mark.django_db
OFFICE = {
    "name": "Office hours",
    "kind": "allow",
    "starts_on": "2026-01-05",
    "starts_at": "09:00",
    "duration": "7:00:00",
    "zone": "Europe/Madrid",
    "rule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
    "enabled": "on",
    "rollbacks_pass": "on",
}


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", "root@example.org", "correct horse battery staple"))
    return client


def test_a_window_is_made_shown_in_words_with_its_next_ten_times_and_audited(ada: Client) -> None:
    assert ada.post(reverse("admin:workloads_window_add"), OFFICE).status_code == 302
    row = Window.objects.get()
    shown = html.unescape(ada.get(reverse("admin:workloads_window_change", args=[row.pk])).content.decode())
    assert "Mondays to Thursdays 09:00 to 16:00, Europe/Madrid" in shown
    assert shown.count("09:00:00 CE") == 10
    assert AuditEntry.objects.filter(action="window.create", actor_label="root").exists()
    assert OutboxMessage.objects.filter(name=waiting.LOOK, arguments=[waiting.EVERYWHERE]).exists()


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"rule": "FREQ=SECONDLY"}, "rule", "FREQ=DAILY"),
        ({"rule": "x" * 501}, "rule", "500"),
        ({"zone": "Mars/Olympus"}, "zone", "Europe/Madrid"),
        ({"duration": ""}, "__all__", "how long it lasts"),
        ({"duration": "400 00:00:00"}, "__all__", "at most a year"),
        ({"tier": "production", "environment": "place"}, "__all__", "name one"),
        ({"rule": "", "duration": "0:00:00"}, "__all__", "ends before it begins"),
        ({"starts_on": "1900-01-01"}, "__all__", "1970"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_with_its_cure(ada: Client, given: dict[str, str], field: str, says: str) -> None:
    place = stage("production").environment
    form = OFFICE | {name: str(place.pk) if value == "place" else value for name, value in given.items()}
    answer = ada.post(reverse("admin:workloads_window_add"), form)
    assert answer.status_code == 200
    assert says in str(answer.context["adminform"].form.errors[field])
