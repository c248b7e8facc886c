"""A person reads an incident, chooses, decides elsewhere and sees it, writes the post-mortem, opens one by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from controlplane.core.actors import Actor
from tests.journeys import examined
from tests.journeys.conftest import aside, live, sign_in
from tests.journeys.scene import Scene
from tests.journeys.test_accessibility import both
from workloads import changes
from workloads.models import Change, Incident, PostMortem


@pytest.fixture
def incident(scene: Scene) -> Incident:
    return aside(lambda: examined.add(scene.environments["billing/production"]))


def narrow(page: Page) -> int:
    """How wide the page is on the screen of a telephone."""
    page.set_viewport_size({"width": 390, "height": 844})
    width: int = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1280, "height": 900})
    return width


def test_what_is_wrong_and_what_can_be_done_stands_above_the_fold_on_any_screen(page: Page, incident: Incident) -> None:
    sign_in(page, "bob", f"/incidents/{incident.pk}/")
    decide = page.get_by_role("link", name="Look at it and decide")
    expect(decide).to_be_in_viewport()
    expect(page.get_by_role("heading", name="HighErrorRate")).to_be_in_viewport()
    expect(page.get_by_text("94 % sure")).to_be_visible()
    expect(page.get_by_text("billing-web failed before billing-rates was scaled down.")).to_be_visible()
    expect(page.get_by_text("by kubectl-edit")).to_be_visible()
    assert not both(page, page.url)
    assert narrow(page) <= 390
    page.goto("/incidents/")
    expect(page.get_by_text("waits for you")).to_be_visible()
    assert not both(page, page.url)
    assert narrow(page) <= 390


def test_choosing_another_remedy_withdraws_what_waits_and_the_page_follows(page: Page, incident: Incident) -> None:
    sign_in(page, "alice", f"/incidents/{incident.pk}/")
    live(page)
    page.get_by_role("button", name="Propose: Scale Deployment billing-rates").click()
    expect(page.get_by_text("A remedy was chosen")).to_be_visible()
    assert aside(lambda: Change.objects.get(run_number=incident.response).status) == "cancelled"
    expect(page.locator("#next")).not_to_contain_text("waits for")


def test_what_others_decide_appears_by_itself(page: Page, incident: Incident) -> None:
    sign_in(page, "alice", f"/incidents/{incident.pk}/")
    live(page)
    change = aside(lambda: Change.objects.get(run_number=incident.response))
    aside(lambda: changes.cancel(Actor.system("test"), change.pk, "Somebody mends it by hand."))
    expect(page.get_by_text("Somebody mends it by hand.").first).to_be_visible(timeout=25_000)


def test_the_post_mortem_is_edited_and_each_version_is_kept(page: Page, incident: Incident) -> None:
    sign_in(page, "alice", f"/incidents/{incident.pk}/")
    page.get_by_text("Edit it").click()
    text = page.get_by_label("Markdown; each version is kept")
    text.fill("# What happened\n\nSomebody edited the Service by hand.")
    page.get_by_role("button", name="Keep this version").click()
    expect(page.get_by_text("written by alice")).to_be_visible()
    assert aside(lambda: list(PostMortem.objects.values_list("number", "drafted"))) == [(2, False), (1, True)]


def test_an_incident_is_opened_by_hand(page: Page, scene: Scene) -> None:
    sign_in(page, "alice", "/incidents/")
    page.get_by_text("Open an incident").click()
    page.get_by_label("Where").select_option(label="storefront/production")
    page.get_by_label("What is wrong, in a few words").fill("The basket is empty")
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_role("heading", name="The basket is empty")).to_be_visible()
