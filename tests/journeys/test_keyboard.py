"""Every journey with nothing but a keyboard: each stop is seen, nothing holds the focus fast, and no news take it away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from agents import runs
from agents.models import Step
from tests.journeys import addresses
from tests.journeys.conftest import aside, live
from tests.journeys.keys import Keys
from tests.journeys.scene import PASSWORD, Scene
from workloads.models import Finding

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture
def keys(page: Page) -> Keys:
    """The keyboard of the page."""
    return Keys(page)


def sign_in(keys: Keys, name: str, to: str) -> None:
    """Sign in with Tab, letters and Enter; the page that was asked for comes."""
    keys.page.goto(to)
    keys.write(keys.page.get_by_label("User name"), name)
    keys.write(keys.page.get_by_label("Password"), PASSWORD)
    keys.press("Enter")
    expect(keys.page.locator("#rail")).to_be_visible()


def test_a_run_is_found_opened_and_its_log_followed(page: Page, keys: Keys, scene: Scene) -> None:
    sign_in(keys, "bob", "/")
    keys.choose(page.get_by_role("link", name="Skip to the content"))
    keys.to(page.locator("#overview-now a").last)
    keys.press("/")
    keys.type("storefront")
    keys.press("Enter")
    keys.to(page.get_by_role("link", name="storefront/production"))
    keys.choose(page.get_by_role("link", name="Runs", exact=True))
    page.wait_for_url("**/runs/")
    keys.press("j", "j", "k", "j")
    keys.is_at(page.locator("tr[data-current] a.row"))
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    page.goto(f"/runs/{scene.runs['running'].pk}/")
    keys.choose(page.locator("#node-security"))
    expect(page.locator("#node-title")).to_have_text("Security")
    keys.choose(page.get_by_role("link", name="Whole log"))
    follow = page.get_by_role("button", name="Follow")
    keys.to(follow)
    keys.press("Space")
    expect(follow).to_have_attribute("aria-pressed", "false")
    keys.press("Space")
    expect(follow).to_have_attribute("aria-pressed", "true")
    keys.to(page.locator("#log"))
    keys.press("PageUp")
    expect(follow).to_have_attribute("aria-pressed", "false")
    keys.press("End")
    expect(follow).to_have_attribute("aria-pressed", "true")
    sign_out(keys)


def sign_out(keys: Keys) -> None:
    """Open the menu with my name, and leave."""
    keys.page.goto("/")
    me = keys.page.locator("summary[aria-label^=Me]")
    keys.choose(me)
    keys.press("Escape")
    keys.is_at(me)
    keys.press("Enter")
    keys.choose(keys.page.get_by_role("button", name="Sign out"))
    expect(keys.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_change_to_production_is_decided(page: Page, keys: Keys, scene: Scene) -> None:
    sign_in(keys, "bob", f"/changes/{scene.change.pk}/")
    keys.write(page.get_by_label("Reason"), "The lock is short at this hour.")
    keys.write(page.get_by_label("To approve, type production"), "staging")
    keys.choose(page.get_by_role("button", name="Roll out v2 to production"))
    expect(page.get_by_role("alert")).to_be_focused()
    name = page.get_by_label("To approve, type production")
    keys.to(name)
    keys.press("ControlOrMeta+a")
    keys.type("production")
    keys.choose(page.get_by_role("button", name="Roll out v2 to production"))
    expect(page.locator("#change-now [role=status]")).to_have_text("approved")
    expect(page.locator("#decision")).to_be_focused()
    keys.to(page.get_by_role("link", name="Watch the run"))


def test_an_environment_is_rolled_back(page: Page, keys: Keys, scene: Scene) -> None:
    sign_in(keys, "alice", f"/environments/{scene.environments['storefront/staging'].pk}/")
    keys.choose(page.get_by_role("button", name="Roll staging back to v1"))
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    expect(page.locator("h1")).to_have_text("Roll back storefront/staging")


def test_a_finding_is_suppressed(page: Page, keys: Keys, scene: Scene) -> None:
    sign_in(keys, "ada", "/findings/")
    row = page.locator("tr", has_text="Undefined name")
    keys.to(row.locator("summary"))
    keys.press("Space")
    keys.write(row.get_by_label("Why does it not matter?"), "It is a name of the tests.")
    keys.to(row.get_by_label("For how long"))
    keys.press("ArrowDown")
    keys.choose(row.get_by_role("button", name="Suppress"))
    expect(page.locator("tr", has_text="Undefined name")).to_have_count(0)
    assert aside(lambda: Finding.objects.get(message__startswith="Undefined").suppressed_reason) == "It is a name of the tests."


def test_a_token_is_made_and_revoked(page: Page, keys: Keys) -> None:
    sign_in(keys, "bob", "/account/")
    keys.write(page.get_by_label("Name", exact=True), "pipeline")
    keys.to(page.get_by_label("View"))
    keys.press("Space")
    keys.choose(page.get_by_role("button", name="Make the token"))
    keys.write(page.get_by_label("Password"), PASSWORD)
    keys.press("Enter")
    expect(page.locator("#made")).to_contain_text("Copy it now")
    keys.choose(page.get_by_role("button", name="Revoke pipeline"))
    expect(page.get_by_text("Here will be your tokens")).to_be_visible()


def test_news_leave_the_focus_where_it_was(page: Page, keys: Keys, scene: Scene) -> None:
    run = scene.runs["running"].pk
    sign_in(keys, "alice", f"/runs/{run}/?node=testing")
    live(page)
    places = (page.get_by_role("button", name="Cancel the run"), page.locator("#node-checkout"), page.locator("#node a"))
    for number, place in enumerate(places):
        keys.to(place)
        aside(say, run, f"news {number}")
        expect(page.locator("#node")).to_contain_text(f"news {number}")
        expect(place).to_be_focused()


def test_the_keyboard_goes_through_every_page_and_out_of_it(page: Page, keys: Keys, scene: Scene) -> None:
    places = aside(addresses.kinds, scene)
    sign_in(keys, "ada", "/")
    for place in places:
        page.goto(place)
        assert keys.through() > 0, place


def say(run: int, text: str) -> None:
    """News of the step that is at work."""
    Step.objects.filter(run=run, node="testing").update(summary=text)
    runs.tell(run, text)
