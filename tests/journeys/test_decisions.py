"""Approving, rejecting and rolling back in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from agents.models import Run
from tests.journeys.conftest import aside, live, sign_in
from tests.journeys.scene import Scene
from workloads.models import Approval, Change


def decision_of(change: Change) -> tuple[str, str, str]:
    """Its status, and who decided it why."""
    change.refresh_from_db()
    taken = Approval.objects.get(change=change)
    return change.status, taken.decided_by, taken.reason


def test_a_second_person_approves_with_the_diff_in_front_of_them(page: Page, scene: Scene) -> None:
    sign_in(page, "bob", "/inbox/")
    page.get_by_role("link", name="Roll out v2 of storefront in production").first.click()
    expect(page.locator("h1")).to_have_text("Roll out v2 of storefront in production, replacing v1.")
    expect(page.locator("#risk")).to_contain_text("It locks a table")
    expect(page.locator(".diff ins").filter(has_text="4")).to_have_count(1)
    page.get_by_label("Reason").fill("The lock is short at this hour.")
    page.get_by_label("To approve, type production").fill("production")
    page.get_by_role("button", name="Roll out v2 to production").click()
    expect(page.locator("#change-now")).to_contain_text("The lock is short at this hour.")
    expect(page.locator("#change-now [role=status]")).to_have_text("approved")
    assert aside(decision_of, scene.change) == ("approved", "bob", "The lock is short at this hour.")


def test_the_wrong_name_approves_nothing_and_nothing_typed_is_lost(page: Page, scene: Scene) -> None:
    sign_in(page, "bob", f"/changes/{scene.change.pk}/")
    page.get_by_label("Reason").fill("Looks right.")
    page.get_by_label("To approve, type production").fill("staging")
    page.get_by_role("button", name="Roll out v2 to production").click()
    expect(page.get_by_role("alert")).to_contain_text("is not the name of this environment")
    expect(page.get_by_label("Reason")).to_have_value("Looks right.")
    assert aside(Approval.objects.count) == 0


def test_what_was_typed_outlives_a_reload(page: Page, scene: Scene) -> None:
    sign_in(page, "bob", f"/changes/{scene.change.pk}/")
    page.get_by_label("Reason").fill("Half a thought")
    page.reload()
    expect(page.get_by_label("Reason")).to_have_value("Half a thought")


def test_whoever_asked_cannot_approve(page: Page, scene: Scene) -> None:
    sign_in(page, "alice", f"/changes/{scene.change.pk}/")
    expect(page.locator("#decision")).to_be_visible()
    expect(page.get_by_role("button", name="Roll out v2 to production")).to_have_count(0)


def test_a_rejection_carries_its_reason(page: Page, scene: Scene) -> None:
    sign_in(page, "bob", f"/changes/{scene.change.pk}/")
    page.get_by_label("Reason").fill("Make the index concurrently first.")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator("#change-now [role=status]")).to_have_text("rejected")
    assert aside(decision_of, scene.change) == ("rejected", "bob", "Make the index concurrently first.")


def test_a_decision_of_another_person_shows_without_reloading(page: Page, scene: Scene) -> None:
    from controlplane.core.actors import Actor
    from workloads import changes

    sign_in(page, "ada", f"/changes/{scene.change.pk}/")
    live(page)
    bob = Actor.person(scene.people["bob"])
    aside(lambda: changes.decide(bob, scene.change.pk, "approve", shown_sha256=scene.change.preview_sha256, reason="Fine."))
    expect(page.locator("#change-now [role=status]")).to_have_text("approved")
    expect(page.locator("#change-now")).to_contain_text("Fine.")


def test_the_number_that_waits_falls_when_it_is_decided(page: Page, scene: Scene) -> None:
    from controlplane.core.actors import Actor
    from workloads import changes

    sign_in(page, "bob", "/inbox/")
    live(page)
    expect(page.locator("#inbox-count")).to_have_text("1")
    ada = Actor.person(scene.people["ada"])
    aside(lambda: changes.decide(ada, scene.change.pk, "reject", shown_sha256=scene.change.preview_sha256, reason="Not now."))
    expect(page.locator("#inbox-now")).to_contain_text("Nothing waits for you")
    expect(page.locator("#inbox-count")).to_have_text("")


def test_the_rollback_button_says_what_it_does_and_does_it(page: Page, scene: Scene) -> None:
    staging = scene.environments["storefront/staging"]
    sign_in(page, "alice", f"/environments/{staging.pk}/")
    expect(page.locator("#roll-back")).to_contain_text("Returns code, configuration and variables from v2 to v1")
    page.get_by_role("button", name="Roll staging back to v1").click()
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    expect(page.locator("h1")).to_have_text("Roll back storefront/staging")
    assert aside(lambda: Run.objects.filter(environment=staging, workflow="rollback", status="queued").count()) == 1


def test_a_press_is_never_lost_to_news_that_arrive_at_the_same_time(page: Page, scene: Scene) -> None:
    staging = scene.environments["storefront/staging"]
    sign_in(page, "alice", f"/environments/{staging.pk}/")
    live(page)
    button = page.get_by_role("button", name="Roll staging back to v1")
    button.evaluate("button => { for (const n of [1, 2, 3]) htmx.trigger(document.body, 'bell'); button.click() }")
    page.evaluate("for (const n of [1, 2, 3]) htmx.trigger(document.body, 'bell')")
    page.wait_for_url(re.compile(r"/runs/\d+/$"))


def test_a_deployment_is_asked_for_from_the_applications_page(page: Page, scene: Scene) -> None:
    application = scene.environments["storefront/local"].application_id
    sign_in(page, "alice", f"/applications/{application}/")
    page.get_by_label("Version").fill("v2")
    page.get_by_label("To", exact=True).select_option(label="local")
    page.get_by_role("button", name="Check and deploy").click()
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    expect(page.locator("h1")).to_have_text("Deploy v2 to storefront/local")


def test_the_overview_shows_a_new_run_without_reloading(page: Page, scene: Scene) -> None:
    from agents import runs
    from controlplane.core.actors import Actor

    sign_in(page, "bob")
    live(page)
    alice, local = Actor.person(scene.people["alice"]), scene.environments["storefront/local"]
    aside(lambda: runs.start(alice, local, "deploy", {"ref": "v9"}, idempotency_key="journey"))
    expect(page.locator("#overview-now")).to_contain_text("Deploy v9 to storefront/local")
