"""Windows, stops and locks on the pages: what an environment, a change and the inbox say, and what is done there."""

from __future__ import annotations

import html
from datetime import date, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene
from workloads.models import Change, EnvironmentLock, Stop, Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def freeze(scene: Scene) -> Window:
    """A freeze of the storefront's production that lasts."""
    given = {"environment": scene.environments["storefront/production"], "starts_on": date(2026, 1, 1), "starts_at": time()}
    return Window.objects.create(
        name="Long freeze", kind="deny", until=timezone.now() + timedelta(days=3), reason="Quiet.", **given
    )


def page(as_: SignIn, who: str, name: str, *where: int) -> str:
    return html.unescape(as_(who).get(reverse(name, args=where)).content.decode())


def test_an_environment_shows_its_windows_in_words_and_when_it_opens(scene: Scene, as_: SignIn, freeze: Window) -> None:
    number = scene.environments["storefront/production"].pk
    shown = page(as_, "bob", "environment", number)
    for words in ("When changes begin", "Closed by “Long freeze”. It opens 20", "closed all day", "Quiet."):
        assert words in shown
    other = page(as_, "bob", "environment", scene.environments["billing/production"].pk)
    assert "Mondays to Thursdays 09:00 to 16:00, Europe/Madrid" in other


def test_an_approved_change_says_what_it_waits_for_everywhere(scene: Scene, as_: SignIn, freeze: Window) -> None:
    change = scene.change
    assert "Once approved it waits" in page(as_, "bob", "change", change.pk)
    Change.objects.filter(pk=change.pk).update(status="approved", look_again_at=timezone.now() + timedelta(minutes=15))
    assert "It begins by itself" in page(as_, "bob", "change", change.pk)
    inbox = page(as_, "bob", "inbox")
    assert "Approved, and begins later" in inbox
    assert "Closed by “Long freeze”" in inbox
    assert "Closed by “Long freeze”" in page(as_, "bob", "run", scene.runs["waiting"].pk)


def test_who_may_makes_the_exception_with_a_reason(scene: Scene, as_: SignIn, freeze: Window) -> None:
    address = reverse("change-exception", args=[scene.change.pk])
    assert "Make the exception" in page(as_, "ada", "change", scene.change.pk)
    assert "Make the exception" not in page(as_, "bob", "change", scene.change.pk)
    assert as_("bob").post(address, {"reason": "Urgent."}).status_code == 403
    assert as_("ada").post(address, {"reason": ""}).status_code == 400
    assert as_("ada").post(address, {"reason": "The shop is down."}).status_code == 303
    assert "The shop is down." in page(as_, "bob", "change", scene.change.pk)


def test_production_is_stopped_by_its_name_and_the_overview_shows_it(scene: Scene, as_: SignIn) -> None:
    environment = scene.environments["storefront/production"]
    address = reverse("environment-stop", args=[environment.pk])
    before = page(as_, "bob", "overview").count("stopped")
    answer = as_("bob").post(address, {"reason": "Moved.", "name": "staging", "form": "stop"}, headers={"HX-Request": "true"})
    assert (answer.status_code, "is not the name" in answer.content.decode()) == (400, True)
    assert as_("bob").post(address, {"reason": "Moved.", "name": "production"}).status_code == 303
    assert "Everything is stopped here" in page(as_, "bob", "environment", environment.pk)
    assert page(as_, "bob", "overview").count("stopped") == before + 1
    assert as_("bob").post(reverse("environment-lift", args=[environment.pk]), {"reason": "Done."}).status_code == 403
    assert as_("ada").post(reverse("environment-lift", args=[environment.pk]), {"reason": "Done."}).status_code == 303
    assert not Stop.objects.filter(environment=environment, lifted_at__isnull=True).exists()


def test_everything_is_stopped_on_the_overview(scene: Scene, as_: SignIn) -> None:
    assert as_("ada").post(reverse("stop-everything"), {"reason": "Attacked."}).status_code == 303
    shown = page(as_, "ada", "overview")
    assert "Everything is stopped, everywhere" in shown
    assert "Attacked." in shown
    assert as_("ada").post(reverse("lift-everything"), {"reason": "Over."}).status_code == 303


def test_a_lock_is_taken_shown_and_ended_by_its_owner(scene: Scene, as_: SignIn) -> None:
    environment = scene.environments["storefront/staging"]
    address = reverse("environment-lock", args=[environment.pk])
    answer = as_("bob").post(address, {"reason": "I try a fix.", "hours": "2"}, headers={"HX-Request": "true"})
    assert "has it locked until" in answer.content.decode()
    lock = EnvironmentLock.objects.get(environment=environment)
    assert lock.expires_at - lock.taken_at == timedelta(hours=2)
    assert as_("alice").post(address, {"reason": "Me too."}).status_code == 409
    assert as_("bob").post(reverse("environment-unlock", args=[environment.pk]), {"reason": "Done."}).status_code == 303


def test_an_environment_without_windows_says_so(scene: Scene, as_: SignIn) -> None:
    assert "no window is set here" in page(as_, "bob", "environment", scene.environments["storefront/staging"].pk)
