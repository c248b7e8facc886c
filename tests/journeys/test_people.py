"""Signing in and out, keys, themes, languages, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Server, sign_in
from tests.journeys.scene import PASSWORD, Scene


def test_signing_in_returns_to_the_page_that_was_asked_for(page: Page, scene: Scene) -> None:
    sign_in(page, "bob", f"/changes/{scene.change.pk}/")
    expect(page.locator("h1")).to_contain_text("Roll out v2")


def test_signing_out_ends_the_session(page: Page) -> None:
    sign_in(page, "bob")
    page.locator("summary", has_text="bob").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/runs/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_change_is_approved_without_javascript(browser: Browser, server: Server, scene: Scene) -> None:
    plain = browser.new_context(base_url=server.url, java_script_enabled=False)
    quiet = plain.new_page()
    sign_in(quiet, "bob", f"/changes/{scene.change.pk}/")
    quiet.get_by_label("Reason").fill("Without a script.")
    quiet.get_by_label("To approve, type production").fill("production")
    quiet.get_by_role("button", name="Roll out v2 to production").click()
    expect(quiet.locator("#change-now [role=status]")).to_have_text("approved")
    plain.close()


def test_keys_move_through_a_list_and_open_it(page: Page) -> None:
    sign_in(page, "bob", "/runs/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr[data-current]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*/")


def test_slash_goes_to_the_search_which_finds_by_name(page: Page) -> None:
    sign_in(page, "bob")
    page.keyboard.press("/")
    page.keyboard.type("billing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="billing/production")).to_be_visible()


def test_the_theme_chosen_stays(page: Page) -> None:
    sign_in(page, "bob")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("summary", has_text="bob").click()
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_spanish_is_one_click_away(page: Page) -> None:
    sign_in(page, "bob")
    page.locator("summary", has_text="bob").click()
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_role("heading", name="Resumen")).to_be_visible()


def test_the_first_stop_of_the_keyboard_skips_to_the_content(page: Page) -> None:
    sign_in(page, "bob")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()


def test_no_page_scrolls_sideways_on_a_phone(page: Page, scene: Scene) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, "ada")
    application = scene.environments["billing/production"].application_id
    for address in (
        "/",
        "/inbox/",
        "/runs/",
        f"/runs/{scene.runs['rolled-back'].pk}/",
        f"/runs/{scene.runs['running'].pk}/log/",
        f"/changes/{scene.change.pk}/",
        f"/environments/{scene.environments['billing/production'].pk}/",
        f"/applications/{application}/",
        "/deployments/",
        "/findings/",
        "/incidents/",
        "/specialists/",
        "/audit/",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_the_password_is_never_kept_on_the_page(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD[:-1])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    expect(page.get_by_label("User name")).to_have_value("bob")
    expect(page.get_by_label("Password")).to_have_value("")


@pytest.mark.parametrize("width", [320, 390, 1000])
def test_no_page_scrolls_sideways(page: Page, scene: Scene, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    change, run = f"/changes/{scene.change.pk}/", f"/runs/{scene.runs['rolled-back'].pk}/"
    environment = f"/environments/{scene.environments['billing/production'].pk}/"
    sign_in(page, "bob")
    for address in ("/", "/inbox/", "/runs/", "/deployments/", "/findings/", "/incidents/", change, run, environment):
        page.goto(address)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{address} is {wider} pixels too wide"
        assert page.evaluate(
            "[...document.querySelectorAll('.table:not(.evidence *)')].every(e => e.scrollWidth <= e.clientWidth + 1)"
        )


def test_a_narrow_screen_shows_where_we_are(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(page, "bob", "/audit/")
    expect(page.locator(".rail [aria-current]")).to_be_in_viewport()
