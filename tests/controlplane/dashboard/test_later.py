"""Approve now and run later, on the pages: the field in the form, the list in the inbox, another time, and now."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene
from workloads.models import Change

TYPED = "2999-01-01T22:00"


def decide(scene: Scene, client: Client, not_before: str) -> int:
    change = scene.change
    form = {"decision": "approve", "reason": "Calm.", "sha256": change.preview_sha256, "name": change.environment.name}
    form["not_before"] = not_before
    answer = client.post(reverse("change-decide", kwargs={"change_id": change.pk}), form)
    if answer.status_code == 400:
        assert f'value="{not_before}"' in answer.content.decode()  # nothing typed is lost
    return answer.status_code


def in_two_days() -> str:
    return f"{timezone.localtime() + timedelta(days=2):%Y-%m-%dT%H:%M}"


def test_an_approval_for_later_is_listed_with_its_moment_until_somebody_begins_it_now(scene: Scene, as_: SignIn) -> None:
    bob, page = as_("bob"), reverse("change", kwargs={"change_id": scene.change.pk})
    assert decide(scene, bob, in_two_days()) == 303
    assert "Approved, and begins later" in bob.get("/inbox/").content.decode()
    assert "waiting for window" in bob.get("/runs/").content.decode()
    assert "Begin now" in bob.get(page).content.decode()
    assert "Begin now" not in as_("alice").get(page).content.decode()
    address = reverse("change-schedule", kwargs={"change_id": scene.change.pk})
    assert bob.post(address, {"reason": "It is calm.", "now": "yes"}).status_code == 303
    assert Change.objects.get(pk=scene.change.pk).not_before is None


def test_what_is_no_time_in_the_next_days_decides_nothing(scene: Scene, as_: SignIn) -> None:
    for typed in (TYPED, "2026-02-31T10:00", "tomorrow"):
        assert decide(scene, as_("bob"), typed) == 400
    assert Change.objects.get(pk=scene.change.pk).status == Change.Status.WAITING


def test_without_a_time_nothing_is_put_off_or_brought_forward(scene: Scene, as_: SignIn) -> None:
    decide(scene, as_("bob"), in_two_days())
    address = reverse("change-schedule", kwargs={"change_id": scene.change.pk})
    assert as_("bob").post(address, {"reason": "Hm."}).status_code == 400
    assert Change.objects.get(pk=scene.change.pk).not_before is not None
