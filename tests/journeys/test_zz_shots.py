from playwright.sync_api import Browser
from tests.journeys.conftest import Server, sign_in, aside
from tests.journeys.scene import Scene
from tests.journeys import thinking
from agents.models import Step

def test_shots(browser: Browser, server: Server, scene: Scene) -> None:
    aside(thinking.add, scene.runs)
    aside(lambda: thinking.suggest(scene.change, Step.objects.filter(node="verify").first()))
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
        context = browser.new_context(base_url=server.url, color_scheme=scheme, viewport={"width": width, "height": 900})
        page = context.new_page()
        sign_in(page, "ada")
        page.goto(f"/runs/{scene.runs['stopped'].pk}/?node=testing")
        page.evaluate("document.querySelectorAll('details[id^=thought-calls]').forEach(d => d.open = true)")
        page.screenshot(path=f"/tmp/thinking-{scheme}-{width}.png", full_page=True)
        page.goto(f"/changes/{scene.change.pk}/")
        page.screenshot(path=f"/tmp/suggestion-{scheme}-{width}.png", full_page=True)
        if "rolled-back" in scene.runs:
            page.goto(f"/runs/{scene.runs['rolled-back'].pk}/?node=verify")
            page.screenshot(path=f"/tmp/notadded-{scheme}-{width}.png", full_page=True)
        context.close()
    print(list(scene.runs))
