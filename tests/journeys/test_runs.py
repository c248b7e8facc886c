"""Watching a run in a real browser: live, without reloading, without a gap."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from agents import runs
from agents.models import Run, Step
from controlplane.core import live as bell
from controlplane.core.models import RoleBinding, User
from tests.journeys.conftest import Server, aside, live, sign_in
from tests.journeys.scene import Scene


def tell(run_id: int, text: str) -> int:
    return runs.tell(run_id, text, node="testing", kind="line")


def end_testing(run_id: int) -> None:
    with transaction.atomic():
        Step.objects.filter(run=run_id, node="testing").update(
            status=Step.Status.DONE, verdict="passed", summary="217 tests passed.", finished_at=timezone.now()
        )
        Step.objects.create(run_id=run_id, node="plan", started_at=timezone.now())
        bell.ring(f"run-{run_id}", run=run_id)


def numbers(page: Page) -> list[int]:
    """The numbers of the story's lines, in the order shown."""
    ids = page.locator("#story li").evaluate_all("rows => rows.map(row => row.id)")
    return [int(one.removeprefix("event-")) for one in ids]


def test_a_running_run_is_followed_live_without_reloading(page: Page, scene: Scene) -> None:
    run = scene.runs["running"].pk
    sign_in(page, "bob", f"/runs/{run}/")
    live(page)
    page.evaluate("window.unreloaded = true")
    expect(page.locator("#node-testing")).to_have_attribute("aria-label", "Testing: running")
    aside(tell, run, "collected 217 items")
    expect(page.locator("#story")).to_contain_text("collected 217 items")
    aside(end_testing, run)
    expect(page.locator("#node-testing")).to_have_attribute("aria-label", "Testing: passed")
    expect(page.locator("#node-plan")).to_have_attribute("aria-label", "Plan: running")
    assert page.evaluate("window.unreloaded") is True


def test_a_clicked_node_shows_its_evidence_and_stays_chosen_while_news_arrive(page: Page, scene: Scene) -> None:
    run = scene.runs["running"].pk
    sign_in(page, "bob", f"/runs/{run}/")
    live(page)
    page.locator("#node-security").click()
    expect(page.locator("#node-title")).to_have_text("Security")
    expect(page.locator("#node")).to_contain_text("pip-audit --requirement requirements.txt")
    aside(end_testing, run)
    expect(page.locator("#node-plan")).to_have_attribute("aria-label", "Plan: running")
    expect(page.locator("#node-title")).to_have_text("Security")


def test_after_a_lost_connection_the_page_catches_up_without_a_gap(page: Page, scene: Scene, server: Server) -> None:
    run = scene.runs["running"].pk
    sign_in(page, "bob", f"/runs/{run}/")
    live(page)
    aside(tell, run, "before the cut")
    expect(page.locator("#story")).to_contain_text("before the cut")
    server.kill()
    for n in range(40):
        aside(tell, run, f"told while nobody listened {n}")
    expect(page.locator("#live-bar")).to_be_visible()
    server.start()
    expect(page.locator("#story")).to_contain_text("told while nobody listened 39", timeout=20_000)
    last = aside(lambda: Run.objects.get(pk=run).last_event)
    assert numbers(page) == list(range(1, last + 1))
    expect(page.locator("#live-bar")).to_be_hidden(timeout=20_000)


def test_lines_that_come_quickly_arrive_once_each_and_in_order(page: Page, scene: Scene) -> None:
    run = scene.runs["running"].pk
    sign_in(page, "bob", f"/runs/{run}/")
    live(page)
    for n in range(60):
        aside(tell, run, f"line {n}")
    expect(page.locator("#story")).to_contain_text("line 59")
    last = aside(lambda: Run.objects.get(pk=run).last_event)
    assert numbers(page) == list(range(1, last + 1))


def test_without_websockets_the_page_follows_by_asking(page: Page, scene: Scene) -> None:
    run = scene.runs["running"].pk
    page.add_init_script("window.WebSocket = class extends EventTarget { close() {} }")
    sign_in(page, "bob", f"/runs/{run}/")
    aside(tell, run, "seen by asking")
    expect(page.locator("#story")).to_contain_text("seen by asking", timeout=10_000)


def test_the_page_stops_listening_when_the_right_goes(page: Page, scene: Scene) -> None:
    run = scene.runs["running"].pk
    sign_in(page, "carol", f"/runs/{run}/")
    live(page)
    aside(lambda: RoleBinding.objects.filter(user=User.objects.get(username="carol")).delete())
    aside(tell, run, "not for carol")
    expect(page.locator("#live-bar")).to_contain_text("lost the right")
    expect(page.locator("#story")).not_to_contain_text("not for carol")


def test_the_log_shows_finds_and_links_lines(page: Page, scene: Scene) -> None:
    run = scene.runs["stopped"].pk
    sign_in(page, "bob", f"/runs/{run}/log/")
    expect(page.locator("#log-count")).to_have_text(re.compile(r"\d+ lines"))
    page.locator("#log-search").fill("failed")
    expect(page.locator("#log .found").first).to_be_visible()
    line = page.locator("#log .line > a").nth(2)
    line.click()
    expect(page).to_have_url(re.compile(r"#L3$"))


@pytest.mark.slow
def test_a_log_of_a_hundred_thousand_lines_keeps_only_those_in_view(page: Page, scene: Scene) -> None:
    run = scene.runs["running"].pk
    aside(lambda: runs.tell(run, "\n".join(f"line of output {n}" for n in range(100_000)), node="testing", kind="line"))
    sign_in(page, "bob", f"/runs/{run}/log/")
    expect(page.locator("#log-count")).to_contain_text("100,0", timeout=60_000)
    expect(page.locator("#log")).to_contain_text("line of output 99999")
    assert page.locator("#log .line").count() < 200


def test_a_run_is_cancelled_with_one_press(page: Page, scene: Scene) -> None:
    run = scene.runs["running"].pk
    sign_in(page, "alice", f"/runs/{run}/")
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#run-head")).to_contain_text("alice asked to cancel")
    expect(page.get_by_role("button", name="Cancel the run")).to_have_count(0)


def test_the_time_a_run_takes_goes_on_ticking(page: Page, scene: Scene) -> None:
    run = scene.runs["running"].pk
    aside(lambda: Run.objects.filter(pk=run).update(started_at=timezone.now() - timedelta(seconds=10)))
    sign_in(page, "bob", f"/runs/{run}/")
    clock = page.locator("#run-head time[data-since]")
    first = clock.inner_text()
    expect(clock).not_to_have_text(first, timeout=4_000)
