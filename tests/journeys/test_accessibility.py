"""Every page through axe-core, light and dark: nothing it knows to be wrong for a keyboard, a screen reader or a weak eye."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.journeys import addresses
from tests.journeys.conftest import Server, sign_in
from tests.journeys.scene import Scene


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_any_page(
    theme: Literal["light", "dark"], browser: Browser, server: Server, scene: Scene
) -> None:
    context = browser.new_context(base_url=server.url, color_scheme=theme, reduced_motion="reduce")
    page, axe, wrong = context.new_page(), Axe(), []
    page.goto("/sign-in/")
    wrong += told("/sign-in/", axe.run(page).response)
    sign_in(page, "ada")
    for address in addresses.every(scene):
        page.goto(address)
        wrong += told(address, axe.run(page).response)
    context.close()
    assert not wrong, "\n".join(wrong)


def told(address: str, response: dict[str, list[dict[str, object]]]) -> list[str]:
    return [f"{address}: {found['id']}: {found['help']}: {_nodes(found)}" for found in response["violations"]]


def _nodes(found: dict[str, object]) -> str:
    nodes = found["nodes"]
    assert isinstance(nodes, list)
    return "; ".join(str(node["html"])[:160] for node in nodes[:3])
