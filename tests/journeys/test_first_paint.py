"""How soon a page shows itself, what it weighs, and that nothing on it jumps while news arrive. Times are printed, not judged."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import BrowserContext, Page

from agents import runs
from agents.models import Step
from controlplane.core import live as bell
from tests.journeys import addresses
from tests.journeys.conftest import aside, live, sign_in
from tests.journeys.scene import Scene

SECONDS_OF_NEWS = 10
MOST_SHIFT = 0.001
WATCH = """
  window.shift = 0;
  window.largest = 0;
  const watch = (type, told) => new PerformanceObserver(list => list.getEntries().forEach(told)).observe({type, buffered: true});
  watch('layout-shift', entry => { if (!entry.hadRecentInput) window.shift += entry.value; });
  watch('largest-contentful-paint', entry => { window.largest = entry.startTime; });
"""
FIGURES = """() => {
  const parts = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  return {
    first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
    largest: window.largest,
    bytes: parts.reduce((sum, part) => sum + part.encodedBodySize, 0),
    requests: parts.length,
    foreign: parts.map(part => part.name).filter(name => !name.startsWith(location.origin)),
  };
}"""


@pytest.mark.slow
@pytest.mark.alone
def test_every_page_paints_without_anything_from_elsewhere(page: Page, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    places = aside(addresses.kinds, scene)
    page.add_init_script(WATCH)
    sign_in(page, "ada")
    told = [f"{'first':>8} {'largest':>8} {'kB':>6} {'requests':>8} {'shift':>7}  page"]
    for place in places:
        page.goto(place)
        page.wait_for_timeout(500)
        found, shift = page.evaluate(FIGURES), page.evaluate("window.shift")
        assert found["foreign"] == [], place
        weight = f"{found['bytes'] / 1000:6.0f} {found['requests']:8}"
        told.append(f"{found['first']:5.0f} ms {found['largest']:5.0f} ms {weight} {shift:7.4f}  {place}")
    with capsys.disabled():
        print("\n" + "\n".join(told))


@pytest.mark.slow
@pytest.mark.alone
def test_nothing_jumps_while_news_arrive(context: BrowserContext, page: Page, scene: Scene) -> None:
    run, production = scene.runs["running"], scene.environments["storefront/production"]
    context.add_init_script(WATCH)
    sign_in(page, "bob")
    places = (
        "/",
        "/runs/",
        f"/runs/{run.pk}/",
        f"/runs/{run.pk}/log/",
        f"/environments/{production.pk}/",
        f"/changes/{scene.change.pk}/",
    )
    tabs = [context.new_page() for _ in places]
    for tab, place in zip(tabs, places, strict=True):
        tab.goto(place)
        live(tab)
        tab.evaluate("window.shift = 0")
    until = time.monotonic() + SECONDS_OF_NEWS
    number = 0
    while time.monotonic() < until:
        number += 1
        aside(news, run.pk, production.pk, number)
        page.wait_for_timeout(250)
    shifts = {place: tab.evaluate("window.shift") for tab, place in zip(tabs, places, strict=True)}
    assert {place: shift for place, shift in shifts.items() if shift >= MOST_SHIFT} == {}


def news(run: int, environment: int, number: int) -> None:
    """A line of the story and a longer summary; everybody who listens is rung."""
    runs.tell(run, f"line {number}", node="testing", kind="line")
    Step.objects.filter(run=run, node="testing").update(summary=f"{number} tests passed. " * min(number, 12))
    for group in ("overview", "inbox", f"environment-{environment}"):
        bell.ring(group, run=run)
