"""A person asks what is wrong on the cluster, and the answer appears while they look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests import afloat
from tests.fake_cluster import FakeCluster
from tests.journeys.conftest import aside, live, sign_in
from tests.journeys.scene import Scene
from tests.journeys.test_accessibility import both
from workloads import diagnoses
from workloads.models import Application, Environment


@pytest.fixture
def harbour() -> Iterator[FakeCluster]:
    with FakeCluster() as made:
        afloat.launch(made)
        yield made


@pytest.fixture
def environment(scene: Scene, harbour: FakeCluster) -> Environment:
    return aside(lambda: afloat.moor(Application.objects.get(name="storefront"), harbour))


def test_asking_and_reading_the_answer_on_any_screen(page: Page, environment: Environment) -> None:
    sign_in(page, "alice", f"/environments/{environment.pk}/")
    page.get_by_role("link", name="What is wrong, and why").click()
    expect(page.get_by_text("Nobody has asked yet")).to_be_visible()
    live(page)
    page.get_by_role("button", name="Diagnose now").click()
    expect(page.get_by_text("about to begin").first).to_be_visible()
    live(page)
    aside(diagnoses.make_waiting)
    expect(page.get_by_text("What would mend it").first).to_be_visible(timeout=20_000)
    assert not both(page, page.url)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
