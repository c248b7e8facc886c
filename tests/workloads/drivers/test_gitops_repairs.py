"""A repair where a repository says what runs: committed or by a pull request, once, seen on the cluster, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Refused
from controlplane.core.models import User
from tests.fake_cluster import FakeCluster
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from tests.workloads.drivers.synced import Synced, carried, git, killed_after_the_push
from tests.workloads.forges import Answer, Forge, forge
from tests.workloads.stage import decide
from workloads import carrying, mending
from workloads.drivers import select
from workloads.drivers.gitops import syncing
from workloads.models import Change, GitOpsRepository
from workloads.repairs import Ref, Repair

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hurried")]
OPEN: dict[str, Any] = {"number": 7, "html_url": "https://github.com/team/deploy/pull/7", "state": "open"}
MERGED = {**OPEN, "state": "closed", "merged": True}


@pytest.fixture
def shop(
    transactional_db: None,
    pretended: ClusterStage,
    cluster: FakeCluster,
    settings: LazySettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Synced]:
    """v1 of the shop is live by a commit."""
    monkeypatch.setattr(syncing, "LOOK_SECONDS", 0.1)
    settings.DATA_DIR = tmp_path / "data"
    found = Synced(pretended, cluster, tmp_path / "deploy.git", tmp_path / "work")
    found.begin()
    outcome = pretended.deploy(pretended.release("v1"))
    assert outcome.switched, outcome
    yield found
    found.over.set()


def scale(shop: Synced, *, was: int = 3, to: int = 5) -> Repair:
    ref = Ref("Deployment", "shop-web", shop.stage.namespace)
    return Repair("scale", ref, {"replicas": to, "was": was}, f"Scale Deployment/shop-web to {to} (it is {was})")


def replicas(shop: Synced) -> int:
    web = shop.stage.live("Deployment", "shop-web")
    assert web is not None
    return int(web["spec"]["replicas"])


def proposed(shop: Synced, repair: Repair, person: User, *, key: str = "k", reviewed: bool = False) -> Change:
    shop.stage.environment.refresh_from_db()
    return mending.propose(Actor.person(person), shop.stage.environment, repair, idempotency_key=key, reviewed=reviewed)


def reviewed_at(played: Forge) -> None:
    """Pull requests are opened there."""
    told = {"forge": "github", "forge_repository": "team/deploy", "api_url": played.url, "private": True, "token": "t"}
    GitOpsRepository.objects.update(**told)


def test_a_repair_is_a_commit_of_the_file_that_declares_the_object_and_its_undo_another(
    shop: Synced, alice: User, bob: User
) -> None:
    change = proposed(shop, scale(shop), alice)
    shown = bytes(change.preview).decode()
    assert "production/shop/" in shown and "-  replicas: 3" in shown and "+  replicas: 5" in shown and "Argo CD syncs" in shown
    assert shop.log() == ["Roll out v1 of shop in production"], "nothing is committed before it is approved"
    change = carried(change, bob)
    assert (change.status, change.result["verification"]["verdict"]) == ("applied", "passed"), change.result
    assert replicas(shop) == 5 and shop.log()[0] == "Repair Deployment/shop-web of shop in production"
    assert f"Timonel-Change: {change.pk}" in git(shop.bare, "log", "-1", "--format=%B", "main")
    back = carried(mending.propose_undo(Actor.person(alice), change, idempotency_key="u"), bob)
    assert (back.status, back.result["verification"]["verdict"]) == ("applied", "passed"), back.result
    assert replicas(shop) == 3 and len(shop.log()) == 3
    writes = [one.path for one in shop.cluster.writes if "timonel" in one.query.get("fieldManager", "")]
    assert not [path for path in writes if "/deployments/" in path], "the syncing side alone wrote it"


def test_the_next_roll_out_that_takes_a_repair_back_asks_a_person(shop: Synced, alice: User, bob: User) -> None:
    change = carried(proposed(shop, scale(shop), alice), bob)
    world = select.world(shop.stage.environment, shop.stage.release("v2"))
    [web] = [one for one in world["differences"] if one["name"].endswith("deployment-shop-web.yaml")]
    assert [(one["manager"], one["fields"]) for one in web["clashes"]] == [(f"change {change.pk}", ["spec.replicas"])]
    shop.stage.options(processes={"web": {"replicas": 5}})  # said where it lasts
    world = select.world(shop.stage.environment, shop.stage.release("v3"))
    [web] = [one for one in world["differences"] if one["name"].endswith("deployment-shop-web.yaml")]
    assert not web["clashes"]


@pytest.mark.parametrize("squash", [False, True])
def test_a_pull_request_waits_for_a_person_and_is_looked_at_once_it_is_merged(
    squash: bool, shop: Synced, alice: User, bob: User
) -> None:
    with forge(Answer(200, []), Answer(201, OPEN), Answer(200, [OPEN])) as played:
        reviewed_at(played)
        change = proposed(shop, scale(shop), alice, reviewed=True)
        assert "by a pull request" in bytes(change.preview).decode()
        change = carried(change, bob)
        assert (change.status, change.result["verification"]["verdict"]) == ("applied", "not_evaluated"), change.result
        assert "waits for a person to merge it" in change.result["verification"]["summary"]
        assert played.asked[1].body["head"] == f"timonel/change-{change.pk}" and replicas(shop) == 3
        assert played.asked[1].body["title"] == "Repair Deployment/shop-web of shop in production"
        assert proposed(shop, scale(shop), alice, key="again", reviewed=True) == change, "one request, however often"
        assert change.pk not in carrying.left_lying(), "not at every turn"
        Change.objects.filter(pk=change.pk).update(look_again_at=change.created_at)
        assert change.pk in carrying.left_lying()
        shop.merge(f"timonel/change-{change.pk}", squash=squash)
        played.answers[:] = [Answer(200, [MERGED])]
        assert carrying.carry_through(change.pk, fence=2)
        change.refresh_from_db()
        assert change.result["verification"]["verdict"] == "passed", change.result
    assert replicas(shop) == 5 and sum(one.method == "POST" for one in played.asked) == 1


def test_one_that_is_closed_mended_nothing(shop: Synced, alice: User, bob: User) -> None:
    with forge(Answer(200, []), Answer(201, OPEN), Answer(200, [{**OPEN, "state": "closed"}])) as played:
        reviewed_at(played)
        change = carried(proposed(shop, scale(shop), alice, reviewed=True), bob)
    assert change.result["verification"]["verdict"] == "failed", change.result
    assert "closed without being merged" in change.result["verification"]["summary"] and replicas(shop) == 3


def test_a_forge_that_is_away_is_no_verdict(shop: Synced, alice: User, bob: User) -> None:
    with forge(Answer(200, []), Answer(201, OPEN), Answer(503, {"message": "away"})) as played:
        reviewed_at(played)
        change = carried(proposed(shop, scale(shop), alice, reviewed=True), bob)
        verification = change.result["verification"]
        assert verification["verdict"] == "not_evaluated" and "cannot be looked at yet" in verification["summary"], verification
        change.refresh_from_db()
        assert change.look_again_at is not None
        shop.merge(f"timonel/change-{change.pk}")
        assert carrying.carry_through(change.pk, fence=2)
    change.refresh_from_db()
    assert change.result["verification"]["verdict"] == "passed", "what is on the branch needs no forge"


def test_killed_after_the_push_it_is_not_committed_again(shop: Synced, alice: User, bob: User) -> None:
    change = proposed(shop, scale(shop), alice)
    decide(change, bob)
    with killed_after_the_push():
        carrying.carry_through(change.pk, fence=1)
    assert carrying.carry_through(change.pk, fence=2)
    change.refresh_from_db()
    assert change.result["verification"]["verdict"] == "passed", change.result
    assert len(shop.log()) == 2 and replicas(shop) == 5


def test_what_others_committed_since_it_was_shown_voids_it(shop: Synced, alice: User, bob: User) -> None:
    change = proposed(shop, scale(shop), alice)
    decide(change, bob)
    shop.commit("deployment-shop-web.yaml", "replicas: 3", "replicas: 4")
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert change.status == "cancelled" and shop.log()[0] == "replicas: 4"


def test_a_cluster_that_is_not_as_declared_is_synced_not_repaired(shop: Synced, alice: User) -> None:
    shop.syncing.clear()
    web = shop.stage.live("Deployment", "shop-web")
    assert web is not None
    shop.cluster.put({**web, "spec": {**web["spec"], "replicas": 0}})
    with pytest.raises(Conflict, match="says already what this repair would write"):
        proposed(shop, scale(shop, was=0, to=3), alice)


def test_what_no_file_declares_is_repaired_on_the_cluster(shop: Synced, alice: User, bob: User) -> None:
    shop.stage.environment.tier = "staging"  # one person is enough
    shop.stage.environment.save()
    [pod, *_] = shop.stage.all("Pod")
    name = pod["metadata"]["name"]
    repair = Repair("delete_pod", Ref("Pod", name, shop.stage.namespace), {"uid": pod["metadata"]["uid"]}, f"Remove Pod/{name}")
    with pytest.raises(Refused, match="No file of"):
        proposed(shop, repair, alice, key="r", reviewed=True)
    change = proposed(shop, repair, alice)
    assert "It is written to the cluster itself" in bytes(change.preview).decode()
    assert carried(change, bob).result["verification"]["verdict"] == "passed"
    found = shop.stage.live("Pod", name)
    assert found is None or found["metadata"]["uid"] != pod["metadata"]["uid"]


def test_no_secret_is_committed(shop: Synced, alice: User) -> None:
    ref = Ref("Deployment", "shop-web", shop.stage.namespace)
    repair = Repair("set_variable", ref, {"container": "web", "name": "API_TOKEN", "was": None, "to": "hush-hush"}, "Set API_TOKEN")
    with pytest.raises(Refused, match="never committed"):
        proposed(shop, repair, alice)


def test_without_a_forge_a_pull_request_is_refused_with_what_to_set(shop: Synced, alice: User) -> None:
    with pytest.raises(Exception, match="No forge is set"):
        proposed(shop, scale(shop), alice, reviewed=True)


def test_rights_that_a_commit_does_not_need_are_not_asked_for(shop: Synced, alice: User, bob: User) -> None:
    shop.cluster.denied.add("patch deployments")
    change = proposed(shop, scale(shop), alice)
    assert "was not asked to try it" in bytes(change.preview).decode()
    shop.cluster.denied.clear()  # the one who syncs has them
    assert carried(change, bob).result["verification"]["verdict"] == "passed"
