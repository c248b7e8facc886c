from tests.journeys.test_incident import incident  # noqa
from tests.journeys.conftest import sign_in


def test_shots(page, incident):
    sign_in(page, "bob", f"/incidents/{incident.pk}/")
    page.screenshot(path="/tmp/shots/light.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path="/tmp/shots/dark.png", full_page=True)
    page.goto("/incidents/")
    page.screenshot(path="/tmp/shots/list.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path="/tmp/shots/list-narrow.png", full_page=True)
    page.goto(f"/incidents/{incident.pk}/")
    page.screenshot(path="/tmp/shots/narrow.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"/runs/{incident.response}/")
    page.screenshot(path="/tmp/shots/run.png", full_page=True)
