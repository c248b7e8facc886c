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
from tests.workloads.drivers.synced import KIND, PATH, application, git
from tests.workloads.forges import Answer, forge
from tests.workloads.stage import decide, quiet
from workloads import changes, diagnoses, mending
from workloads.manifests import text
from workloads.models import Application, Change, Environment, GitOpsRepository, Target
from workloads.repairs import Ref
from workloads.repairs.putting import bare

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


@pytest.fixture
def declared(environment: Environment, harbour: FakeCluster, tmp_path: Path) -> Path:
    """A repository whose folder declares the worker, which Argo CD syncs."""
    ref = Ref("Deployment", "shop-worker", afloat.NAMESPACE)
    [worker] = [item for item in harbour.store.objects.values() if ref.of(item)]
    work, repository = tmp_path / "work", tmp_path / "deploy.git"
    (work / PATH).mkdir(parents=True)
    (work / PATH / "01-deployment-shop-worker.yaml").write_text(text.document(bare(worker)))
    git(work, "init", "-q", "-b", "main")
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "Roll out v1")
    git(tmp_path, "clone", "-q", "--bare", str(work), str(repository))
    harbour.kinds.append(KIND)
    harbour.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
    harbour.put(application(str(repository), git(work, "rev-parse", "main")))
    return repository


def test_where_a_repository_says_what_runs_a_pull_request_is_opened_instead(
    page: Page, environment: Environment, declared: Path
) -> None:
    opened = {"number": 7, "html_url": "https://github.com/team/deploy/pull/7", "state": "open"}
    with forge(Answer(200, []), Answer(201, opened), Answer(200, [opened])) as played:
        told = {"forge": "github", "forge_repository": "team/deploy", "api_url": played.url, "private": True, "token": "t"}

        def committing() -> None:
            target = Target.objects.get(environment=environment)
            Target.objects.filter(pk=target.pk).update(mode="commit")
            GitOpsRepository.objects.create(target=target, repository=str(declared), path=PATH, object_name="shop", **told)

        aside(committing)
        sign_in(page, "alice", f"/environments/{environment.pk}/diagnosis/")
        looked_at(page, "diagnosis-gitops")
        page.get_by_role("button", name="Open a pull request instead").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Set limits of memory to 512Mi")
        expect(page.get_by_text("nothing happens until a person merges it").first).to_be_visible()
        looked_at(page, "proposed-gitops")
        aside(applied)
        page.reload()
        expect(page.get_by_text("waits for a person to merge it")).to_be_visible()
        looked_at(page, "requested-gitops")
        assert "memory: 512Mi" in git(declared, "show", f"timonel/change-{aside(newest).pk}:{PATH}/01-deployment-shop-worker.yaml")


def newest() -> Change:
    return Change.objects.latest("pk")
