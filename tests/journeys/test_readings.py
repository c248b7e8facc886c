"""What a model writes arrives on the page while somebody looks at it, and says that a model wrote it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from agents.models import Reading
from agents.readings import writing
from tests.journeys.conftest import aside, live, sign_in
from tests.journeys.scene import Scene


def test_an_explanation_arrives_while_the_change_is_looked_at(page: Page, scene: Scene) -> None:
    aside(lambda: Reading.objects.filter(change=scene.change).update(status="queued", text=""))
    sign_in(page, "bob", f"/changes/{scene.change.pk}/")
    live(page)
    expect(page.get_by_text("A model is writing an explanation.")).to_be_visible()
    expect(page.get_by_label("Reason")).to_be_visible()  # nobody waits for it

    def arrive() -> None:
        Reading.objects.filter(change=scene.change).update(status="written", text="It is a small change.")
        writing._ring(Reading.objects.get(change=scene.change))

    aside(arrive)
    expect(page.get_by_text("It is a small change.")).to_be_visible()
    expect(page.get_by_text("written by a model")).to_be_visible()
    page.get_by_role("link", name="F3 migrations").click()
    assert page.url.endswith(f"/changes/{scene.change.pk}/#effect-1")
