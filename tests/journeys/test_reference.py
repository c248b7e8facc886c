"""The page of the API: a person reads it in a browser, with nothing from elsewhere and nothing inline."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_operations_are_read_without_any_address_of_others(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/v1/reference")
    expect(page.get_by_text("/api/v1/deployments", exact=True).first).to_be_visible()
    own = page.url.split("/api/")[0]
    assert [address for address in asked if not address.startswith((own, "data:"))] == []


def test_an_operation_is_tried_by_whoever_signed_in(page: Page) -> None:
    sign_in(page, "alice", "/")
    page.goto("/api/v1/reference")
    page.get_by_role("button", name="GET /api/v1/me", exact=False).first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_text('"username": "alice"').first).to_be_visible()
