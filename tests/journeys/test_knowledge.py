"""The knowledge base in a browser: asked, walked by keys, told whether it helped, and a source read anew."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.journeys.conftest import Server, sign_in
from tests.journeys.scene import Scene


def test_a_question_is_asked_walked_by_keys_and_answered_where_the_click_was(
    browser: Browser, server: Server, scene: Scene
) -> None:
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    sign_in(page, "ada")
    page.goto("/knowledge/")
    page.get_by_label("A question, an error, the name of an alert").fill("exit code 137")
    page.keyboard.press("Enter")
    page.wait_for_url("**/knowledge/?q=exit+code+137**")
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(page.locator(".find a.row").first).to_be_focused()
    page.get_by_role("button", name="Helped", exact=True).first.click()
    expect(page.locator("button[aria-pressed=true]")).to_have_count(1)
    page.get_by_role("button", name="Did not help").first.click()
    expect(page.locator("button[aria-pressed=true]")).to_have_text("Did not help")
    page.locator(".find a.row").first.click()
    expect(page.locator(".source-lines .asked").first).to_be_in_viewport()
    context.close()


def test_a_source_is_read_anew_by_a_button(browser: Browser, server: Server, scene: Scene) -> None:
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    sign_in(page, "ada", "/knowledge/sources/")
    page.get_by_role("button", name="Read now: runbooks").click()
    row = page.get_by_role("row", name="runbooks")
    expect(row).to_contain_text("being read")
    expect(row.get_by_role("button")).to_be_disabled()
    context.close()
