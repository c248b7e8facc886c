"""A person asks about what runs, sees how it is looked into, and reads the answer beside the engine's."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from agents.models import Inquiry, ModelEndpoint
from agents.readings import writing
from tests import afloat
from tests.agents.investigating.scripted import calls, replies
from tests.agents.model_server import Asked, ModelServer, Mood
from tests.fake_cluster import FakeCluster
from tests.journeys.conftest import aside, live, sign_in
from tests.journeys.scene import Scene
from tests.journeys.test_accessibility import both
from workloads.models import Application, Environment


@pytest.fixture
def harbour() -> Iterator[FakeCluster]:
    with FakeCluster() as made:
        afloat.launch(made)
        yield made


@pytest.fixture
def server_of_models() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def environment(scene: Scene, harbour: FakeCluster, server_of_models: ModelServer) -> Environment:
    def made() -> Environment:
        ModelEndpoint.objects.update(is_default=False)
        values = {"private": True, "is_default": True, "context_tokens": 64_000, "timeout_seconds": 60, "stall_seconds": 50}
        ModelEndpoint.objects.create(name="on our own machines", address=server_of_models.address, model="scripted", **values)
        return afloat.moor(Application.objects.get(name="storefront"), harbour)

    return aside(made)


def test_an_answer_comes_step_by_step_and_reads_well_on_any_screen(
    page: Page, environment: Environment, server_of_models: ModelServer
) -> None:
    go_on = threading.Event()
    looks = ("get_logs", {"pod": "shop-worker", "previous": True}), ("get_events", {"about": "worker"})
    answer = replies(
        answer="The worker loads two million orders at once and is killed for its memory. It began with the last restart.",
        engine="disagrees",
        differs=lambda ids: {"text": "The limit is not too low: the query loads every order.", "evidence": ids[-2:]},
        claims=lambda ids: [
            {"text": "The worker loads two million orders just before it ends.", "evidence": ids[-1:]},
            {"text": "Kubernetes backs off restarting it.", "evidence": ids[-2:-1]},
            {"text": "Somebody changed the query.", "evidence": []},
        ],
        unknown=["Which release brought the query; the commits between the releases would tell."],
    )

    def slowly(asked: Asked) -> Mood:
        go_on.wait(30)
        return answer(asked)

    rounds = [calls(*looks), slowly]
    server_of_models.answering = lambda asked: rounds[min(1, sum(one["role"] == "assistant" for one in asked.body["messages"]))](
        asked
    )
    sign_in(page, "alice", f"/environments/{environment.pk}/")
    page.get_by_role("link", name="Ask", exact=True).first.click()
    page.get_by_label("Your question").fill("Why does the worker restart again and again?")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("waits for its turn").first).to_be_visible()
    live(page)
    worker = threading.Thread(target=lambda: aside(lambda: writing.write(Inquiry.objects.get().reading_id)))
    worker.start()
    expect(page.get_by_text("2 tools called so far")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("get_logs").first).to_be_visible()
    go_on.set()
    expect(page.get_by_text("The model disagrees with the engine.")).to_be_visible(timeout=30_000)
    worker.join(30)
    expect(page.get_by_text("loads every order").first).to_be_visible()
    expect(page.get_by_text("1 thing it wrote rested on no evidence")).to_be_visible()
    assert not both(page, page.url)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
