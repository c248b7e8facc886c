"""The main promise, end to end: approved in the browser, rolled back by itself, stopped, refused; no visitor notices."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.story.conftest import Terminal
from tests.journeys.story.steady import Visitors

PASSED, STOPPED, ROLLED_BACK, REFUSED = 0, 3, 4, 6
AT_ONCE, A_RELEASE = 20_000, 180_000
pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(600)]


def test_the_waiting_release_is_approved_in_the_browser_and_goes_live(window: Page, terminal: Terminal) -> None:
    window.get_by_role("link", name=re.compile("^Inbox")).click()
    window.get_by_role("link", name=re.compile("Roll out v1 .*staging")).click(timeout=A_RELEASE)
    window.get_by_label("Reason").fill("It was good in local.")
    window.get_by_role("button", name="Roll out v1 to staging").click()
    window.get_by_role("link", name=re.compile("^Run #")).first.click()
    followed_to(window, "succeeded")
    standing = terminal.standing("staging")
    assert standing["release"] == "v1"
    assert "Vessels" in httpx.get(standing["address"], follow_redirects=True).text


def test_a_release_asked_for_in_the_browser_is_followed_live_and_rolled_back_with_a_button(
    window: Page, terminal: Terminal
) -> None:
    window.get_by_role("link", name="harbour", exact=True).first.click()
    window.get_by_label("Version").fill("v2")
    window.get_by_label("To", exact=True).select_option(label="local")
    window.get_by_role("button", name="Check and deploy").click()
    followed_to(window, "succeeded")
    assert terminal.standing("local")["release"] == "v2"

    window.get_by_role("link", name="local", exact=True).first.click()
    window.get_by_role("button", name="Roll local back to v1").click()
    followed_to(window, "succeeded")
    assert terminal.standing("local")["release"] == "v1"


def test_five_releases_and_a_rollback_without_one_failed_request(terminal: Terminal) -> None:
    with Visitors(terminal.standing("local")["address"], a_second=50) as visitors:
        assert deploy(terminal, "v2") == PASSED
        assert deploy(terminal, "v3") == ROLLED_BACK
        assert deploy(terminal, "v4") == STOPPED
        assert deploy(terminal, "v5") == REFUSED
        assert terminal.standing("local")["release"] == "v2"
        code, said = terminal("rollback", "harbour", "local")
        assert code == PASSED, said
        assert terminal.standing("local")["release"] == "v1"
    assert visitors.answers["200"] > 1000
    assert visitors.failed == {}


def deploy(terminal: Terminal, ref: str) -> int:
    return terminal("deploy", "harbour", "local", ref)[0]


def followed_to(page: Page, end: str) -> None:
    """The page of a run comes to its end by itself."""
    page.wait_for_url(re.compile(r"/runs/\d+/"), timeout=AT_ONCE)
    page.evaluate("window.unreloaded = true")
    expect(page.locator("#node-report")).to_have_attribute("aria-label", re.compile("Report: (passed|failed)"), timeout=A_RELEASE)
    expect(page.locator("main")).to_contain_text(end)
    assert page.evaluate("window.unreloaded") is True
