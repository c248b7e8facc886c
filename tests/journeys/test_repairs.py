"""A person proposes what a diagnosis offers, another approves it, and the first takes it back: on any screen, in any light."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests import afloat
from tests.fake_cluster import FakeCluster
from tests.journeys.conftest import aside, sign_in
from tests.journeys.scene import Scene
from tests.journeys.test_accessibility import both
from tests.workloads.stage import decide, quiet
from workloads import changes, diagnoses, mending
from workloads.models import Application, Change, Environment

SHOTS = os.environ.get("TIMONEL_SHOTS", "")  # a folder for pictures to be looked at


@pytest.fixture
def harbour() -> Iterator[FakeCluster]:
    with FakeCluster() as made:
        afloat.launch(made)
        yield made


@pytest.fixture
def environment(scene: Scene, harbour: FakeCluster) -> Environment:
    def moored() -> Environment:
        made = afloat.moor(Application.objects.get(name="storefront"), harbour)
        diagnoses.ask(Actor.system("test"), made)
        diagnoses.make_waiting()
        return made

    return aside(moored)


def applied() -> None:
    """Approved by whoever it takes, done, and looked at for a moment."""
    change = Change.objects.get(actions__kind="repair")
    decide(change, User.objects.get(username="ada"))
    changes.apply(change.pk, key="k", fence=1, say=quiet)
    mending.verify(Actor.system("test"), change, say=quiet, seconds=0.2)


def looked_at(page: Page, name: str, part: str = "main") -> None:
    """Nothing is wrong with it, light or dark, and nothing sticks out of a narrow screen."""
    assert not both(page, page.url, {"include": [[part]]})
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            page.wait_for_timeout(300)
            page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}-{width}.png", full_page=True)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_remedy_becomes_a_change_and_is_taken_back(page: Page, environment: Environment) -> None:
    sign_in(page, "alice", f"/environments/{environment.pk}/diagnosis/")
    expect(page.get_by_role("button", name="Propose: Set resources")).to_be_visible()
    looked_at(page, "diagnosis")
    page.get_by_role("button", name="Propose: Set resources").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Set limits of memory to 512Mi")
    expect(page.get_by_text("It can be undone by a change of its own").first).to_be_visible()
    looked_at(page, "proposed")
    aside(applied)
    page.reload()
    expect(page.get_by_text("What the cluster showed")).to_be_visible()
    looked_at(page, "applied")
    page.get_by_role("button", name="Propose to undo this repair").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Take back: Set limits of memory")
    looked_at(page, "undo")
    page.goto(f"/environments/{environment.pk}/")
    expect(page.get_by_text("Changed by approved repairs")).to_be_visible()
    looked_at(page, "environment", "#drift")
