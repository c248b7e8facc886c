"""A person looks at an environment on a cluster: what runs, what crashes, its log, who gets the traffic, and what drifted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from controlplane.core import live as bell
from controlplane.core.actors import Actor
from tests import afloat
from tests.fake_cluster import FakeCluster
from tests.journeys.conftest import Server, aside, live, sign_in
from tests.journeys.scene import Scene
from tests.journeys.test_accessibility import both
from workloads import holds
from workloads.models import Application, Change, Environment


@pytest.fixture
def harbour() -> Iterator[FakeCluster]:
    with FakeCluster() as made:
        afloat.launch(made)
        yield made


@pytest.fixture
def environment(scene: Scene, harbour: FakeCluster) -> Environment:
    return aside(lambda: afloat.moor(Application.objects.get(name="storefront"), harbour))


def test_from_the_environment_to_the_log_of_what_crashes_and_back(
    page: Page, environment: Environment, harbour: FakeCluster
) -> None:
    sign_in(page, "alice", f"/environments/{environment.pk}/")
    expect(page.locator("#workloads-title")).to_be_visible()
    expect(page.get_by_text("of the traffic")).to_be_visible()
    ill = page.locator("#pod-shop-worker-7d9c-p2x9d")
    expect(ill).to_contain_text("OOMKilled")
    ill.get_by_role("link", name="shop-worker-7d9c-p2x9d", exact=True).click()
    expect(page.get_by_text("exit code 137")).to_be_visible()
    page.get_by_role("link", name="Log before the last restart").click()
    expect(page.locator("#log")).to_contain_text("loading 2 million orders")
    expect(page.locator("#log")).not_to_contain_text("hunter2")
    page.goto(f"/environments/{environment.pk}/pod-logs/")
    expect(page.locator("#log-count")).to_have_text("81 lines")
    harbour.logs[afloat.NAMESPACE, "shop-web-green-7d9c-w8n4b", "web", False].append(
        f"{afloat.stamp(seconds=-9)} a line that came later"
    )
    expect(page.locator("#log")).to_contain_text("a line that came later")
    page.locator("#log-search").fill("orders/17")
    expect(page.locator("#log-count")).to_have_text("4 found")


def test_what_changes_on_the_cluster_shows_by_itself(page: Page, environment: Environment, harbour: FakeCluster) -> None:
    sign_in(page, "alice", f"/environments/{environment.pk}/")
    row = page.locator("#workload-deployment-shop-web-green")
    expect(row).to_contain_text("1 / 1")
    for item in afloat.deployment("shop-web-green", afloat.marks("web", "v2", "green"), 2, 1):
        harbour.put(item)
    expect(row).to_contain_text("1 / 2", timeout=30_000)
    expect(row).to_contain_text("moving")


def test_news_of_the_environment_leaves_the_clusters_part_as_it_is(page: Page, environment: Environment) -> None:
    sign_in(page, "alice", f"/environments/{environment.pk}/")
    live(page)
    part, row = page.locator("#cluster-live"), page.locator("#workload-deployment-shop-web-green")
    expect(row).to_be_visible()
    part.evaluate("part => { part.dataset.mine = 'yes' }")
    aside(hold, environment)
    expect(page.get_by_text("Automation is held here")).to_be_visible()
    assert part.get_attribute("data-mine") == "yes"  # its rows are asked for anew every few seconds
    assert row.is_visible()


def hold(environment: Environment) -> None:
    holds.hold(Actor.system("test"), environment, "Rolled back by itself.")
    bell.ring(f"environment-{environment.pk}", environment=environment.pk)


def test_mending_drift_is_proposed_where_it_is_shown(page: Page, environment: Environment) -> None:
    sign_in(page, "alice", f"/environments/{environment.pk}/")
    page.get_by_role("button", name="Propose to mend it").click()
    page.wait_for_url("**/changes/*/")
    assert aside(lambda: Change.objects.filter(environment=environment, actions__kind="restore").count()) == 1


def test_axe_finds_nothing_wrong_with_the_pages_of_a_cluster(
    browser: Browser, server: Server, scene: Scene, environment: Environment
) -> None:
    change = aside(lambda: afloat.waiting(environment, scene.people["alice"]))
    context = browser.new_context(base_url=server.url, color_scheme="light", reduced_motion="reduce")
    page, wrong = context.new_page(), []
    sign_in(page, "ada")
    place = f"/environments/{environment.pk}"
    pages = ("/", "/cluster/", "/pods/shop-worker-7d9c-p2x9d/", "/pods/gone/", "/pod-logs/")
    for address in [*(place + end for end in pages), f"/changes/{change.pk}/", "/"]:
        page.goto(address)
        if address == f"{place}/":
            expect(page.locator("#workloads-title")).to_be_visible()
        wrong += both(page, address)
    context.close()
    assert not wrong, "\n".join(wrong)
