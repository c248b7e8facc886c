"""Every page through axe-core, light and dark: nothing it knows to be wrong for a keyboard, a screen reader or a weak eye."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.journeys import addresses
from tests.journeys.conftest import Server, sign_in
from tests.journeys.scene import Scene

PARTS = 3  # side by side
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_wrong_with_any_page_light_or_dark(browser: Browser, server: Server, scene: Scene, part: int) -> None:
    context = browser.new_context(base_url=server.url, color_scheme="light", reduced_motion="reduce")
    page, wrong = context.new_page(), []
    page.goto("/sign-in/")
    wrong += both(page, "/sign-in/")
    sign_in(page, "ada")
    for address in list(addresses.every(scene))[part::PARTS]:
        page.goto(address)
        wrong += both(page, address)
    context.close()
    assert not wrong, "\n".join(wrong)


def test_what_a_narrow_screen_shows_as_an_icon_still_has_a_name(page: Page, scene: Scene) -> None:
    sign_in(page, "alice")
    page.set_viewport_size({"width": 390, "height": 844})
    for place in ("/", f"/runs/{scene.runs['running'].pk}/", "/incidents/", "/findings/"):
        page.goto(place)
        assert not both(page, place)


def both(page: Page, address: str, where: dict[str, list[list[str]]] | None = None) -> list[str]:
    """What axe finds in the light; and in the dark, where nothing but the colours is different. `where`: of the page."""
    light = told(address, Axe().run(page, where).response)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.wait_for_timeout(200)  # for colours to have arrived
    dark = told(f"{address} (dark)", Axe().run(page, where, COLOURS).response)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return light + dark


def told(address: str, response: dict[str, list[dict[str, object]]]) -> list[str]:
    return [f"{address}: {found['id']}: {found['help']}: {_nodes(found)}" for found in response["violations"]]


def _nodes(found: dict[str, object]) -> str:
    nodes = found["nodes"]
    assert isinstance(nodes, list)
    return "; ".join(str(node["html"])[:160] for node in nodes[:3])
