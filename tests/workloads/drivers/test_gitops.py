"""GitOps against a real Argo CD on a real cluster whose nodes run nothing: commits, truth about every kind of failure, reverts.

TIMONEL_TEST_GIT=FOLDER=URL names a folder for bare repositories and where Argo CD reads them (http://git.example/NAME.git).
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from controlplane.core.actors import Actor
from controlplane.core.errors import Refused
from controlplane.core.models import User
from tests.cluster import kubeconfig
from tests.workloads.drivers.kubernetes.stage import MIGRATE, ClusterStage, cluster_stage
from tests.workloads.drivers.synced import carried, killed_after_the_push
from workloads import mending
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import ApiFailure
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.drivers import Outcome, select
from workloads.drivers.gitops import GitOpsDriver, syncing
from workloads.models import GitOpsRepository, Target
from workloads.repairs import Ref, Repair
from workloads.verdicts import Verdict

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]
NAMESPACE = "images"
APPLICATION = kind_named("Application")
WHY_NOT = "no Argo CD and no Git folder that it reads: set TIMONEL_TEST_GIT"


@dataclass
class Shop:
    """A stage whose manifests are committed, and the Application that syncs them."""

    stage: ClusterStage
    name: str
    bare: Path
    url: str

    def application(self) -> Json:
        found = self.stage.kube.get(APPLICATION, self.name, "argocd")
        assert found is not None
        return found

    def log(self) -> list[str]:
        return _git(self.bare, "log", "--format=%s", "main").splitlines()

    def image(self) -> str:
        web = self.stage.live("Deployment", "shop-web")
        assert web is not None
        return str(web["spec"]["template"]["spec"]["containers"][0]["image"])


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def shop(transactional_db: None, kube: Client, namespace: str, settings: LazySettings, tmp_path: Path) -> Iterator[Shop]:
    """`shop/production`, committed to a repository of its own, synced and healed by Argo CD by itself."""
    folder, _, address = os.environ.get("TIMONEL_TEST_GIT", "").partition("=")
    if not folder or not _has_argo_cd(kube):
        pytest.skip(WHY_NOT)
    settings.DATA_DIR = tmp_path
    name = f"timonel-test-{secrets.token_hex(4)}"
    bare = Path(folder) / f"{name}.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    found = Shop(cluster_stage(kube, kubeconfig(), namespace), name, bare, f"{address}/{name}.git")
    target = Target.objects.get(environment=found.stage.environment)
    Target.objects.update(mode=Target.Mode.COMMIT)
    GitOpsRepository.objects.create(target=target, repository=found.url, path="production/shop", object_name=name)
    kube.create(_application(found))
    yield found
    kube.delete(APPLICATION, name, "argocd")
    subprocess.run(["rm", "-rf", str(bare)], check=True)


def _application(shop: Shop, **policy: Any) -> Json:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": shop.name, "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": shop.url, "targetRevision": "main", "path": "production/shop"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": shop.stage.namespace},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["ServerSideApply=true"], **policy},
        },
    }


def _change(shop: Shop, **spec: Any) -> None:
    shop.stage.kube.patch(APPLICATION, shop.name, "argocd", {"spec": spec}, manager="test")


def _has_argo_cd(kube: Client) -> bool:
    try:
        kube.listing(APPLICATION, "argocd")
    except (ApiFailure, KeyError):
        return False
    return True


def test_a_release_becomes_a_commit_and_is_live_once_it_is_synced_and_healthy(shop: Shop) -> None:
    first = shop.stage.deploy(shop.stage.release("v1"))
    assert (first.verdict, first.switched) == (Verdict.PASSED, True), first
    second = shop.stage.release("v2")
    began = time.monotonic()
    outcome = shop.stage.deploy(second)
    assert outcome.switched, outcome
    print(f"\ncommit to live: {time.monotonic() - began:.1f} s")
    assert shop.log() == ["Roll out v2 of shop in production", "Roll out v1 of shop in production"]
    body = _git(shop.bare, "log", "-1", "--format=%B", "main")
    assert second.image in body and "Timonel-Change: " in body and "Timonel-Key: " in body
    assert shop.image() == second.image
    status = shop.application()["status"]
    assert status["sync"]["revision"] == _git(shop.bare, "rev-parse", "main") and status["health"]["status"] == "Healthy"


@pytest.mark.slow
def test_no_secret_is_ever_committed_and_the_pods_have_them_all_the_same(shop: Shop) -> None:
    assert shop.stage.deploy(shop.stage.release("v1")).switched
    everything = _git(shop.bare, "log", "-p", "--all")
    assert "hush-hush" not in everything and "aHVzaC1odXNo" not in everything and "kind: Secret" not in everything
    assert shop.stage.all("Secret")


@pytest.mark.slow
def test_the_preview_shows_the_files_that_change(shop: Shop) -> None:
    shop.stage.deploy(shop.stage.release("v1"))
    shown = select.world(shop.stage.environment, shop.stage.release("v2"))
    changed = {one["name"]: one for one in shown["differences"] if one["kind"] == "File"}
    web = next(one for name, one in changed.items() if name.endswith("deployment-shop-web.yaml"))
    assert web["what"] == "change" and "-          image: registry.example/shop@sha256:" in web["diff"].replace(
        "- image", "  image"
    )
    assert any("heals itself" in note for note in shown["notes"])


def test_a_way_back_is_a_revert_commit_that_self_healing_keeps(shop: Shop) -> None:
    first = shop.stage.release("v1")
    shop.stage.deploy(first)
    shop.stage.deploy(shop.stage.release("v2"))
    spec = shop.application()["spec"]
    outcome = shop.stage.roll_back()
    assert outcome.switched, outcome
    assert shop.log()[0] == "Revert v2 of shop in production" and len(shop.log()) == 3
    assert shop.image() == first.image and shop.application()["spec"] == spec
    time.sleep(8)  # self-healing has its say
    assert shop.image() == first.image and shop.application()["status"]["sync"]["status"] == "Synced"
    assert shop.stage.active is not None and shop.stage.active.release == first


def _unready(shop: Shop, replicas: int) -> Outcome:
    """v1 live, then a v2 whose pods never become ready and which says so after 8 seconds."""
    shop.stage.options(processes={"web": {"replicas": replicas}})
    shop.stage.deploy(shop.stage.release("v1"))
    shop.stage.options(labels={"lab/outcome": "unready"})
    slow = {"kind": "Deployment", "name": "shop-web", "spec": {"progressDeadlineSeconds": 8}}
    Target.objects.filter(environment=shop.stage.environment).update(patches=[slow])
    return shop.stage.deploy(shop.stage.release("v2"))


def test_what_is_synced_but_degraded_is_reverted(shop: Shop) -> None:
    outcome = _unready(shop, 1)  # nothing comes in a later wave: the sync itself succeeds
    assert (outcome.verdict, outcome.switched) == (Verdict.FAILED, False), outcome
    assert "Synced, but Degraded" in outcome.summary and "shop-web" in outcome.summary, outcome.summary
    assert shop.log()[0].startswith("Revert v2") and shop.application()["status"]["health"]["status"] == "Healthy"


@pytest.mark.slow
def test_a_wave_that_never_becomes_healthy_is_a_sync_that_failed(shop: Shop) -> None:
    outcome = _unready(shop, 3)  # a budget comes in a later wave
    assert (outcome.verdict, outcome.switched) == (Verdict.FAILED, False), outcome
    assert "The sync failed" in outcome.summary and "Deployment/shop-web" in outcome.summary, outcome.summary
    assert shop.log()[0].startswith("Revert v2") and shop.application()["status"]["health"]["status"] == "Healthy"


@pytest.mark.slow
def test_a_sync_that_fails_is_told_with_its_reason_and_reverted(shop: Shop) -> None:
    first = shop.stage.release("v1")
    shop.stage.deploy(first)
    shop.stage.options(labels={"lab/outcome": "fail"})
    outcome = shop.stage.deploy(shop.stage.release("v2", plan={"release_steps": MIGRATE}))
    assert (outcome.verdict, outcome.switched) == (Verdict.FAILED, False), outcome
    assert "sync failed" in outcome.summary and "Job/" in outcome.summary, outcome.summary
    print(f"\n{outcome.summary}")
    assert shop.image() == first.image and shop.log()[0].startswith("Revert v2")


def test_a_source_that_cannot_be_read_is_told_although_the_application_is_healthy(shop: Shop) -> None:
    first = shop.stage.release("v1")
    shop.stage.deploy(first)
    _change(shop, source={"repoURL": shop.url.replace(shop.name, "absent"), "targetRevision": "main", "path": "production/shop"})
    outcome = shop.stage.deploy(shop.stage.release("v2"))
    assert (outcome.verdict, outcome.switched) == (Verdict.FAILED, False), outcome
    assert "cannot make manifests of its source" in outcome.summary, outcome.summary
    print(f"\n{outcome.summary}")
    assert shop.image() == first.image and shop.log()[0].startswith("Revert v2")
    assert shop.application()["status"]["health"]["status"] == "Healthy"


@pytest.mark.slow
def test_where_nobody_syncs_by_itself_one_sync_of_the_commit_is_begun(shop: Shop) -> None:
    _change(shop, syncPolicy={"automated": None})
    outcome = shop.stage.deploy(shop.stage.release("v1"))
    assert outcome.switched, outcome
    operation = shop.application()["status"]["operationState"]["operation"]
    assert operation["initiatedBy"]["username"] == "timonel" and operation["sync"]["revision"] == _git(
        shop.bare, "rev-parse", "main"
    )


@pytest.mark.slow
def test_killed_after_the_push_it_goes_on_without_a_second_commit(shop: Shop) -> None:
    change = shop.stage.propose(shop.stage.release("v1"))
    with killed_after_the_push():
        shop.stage.apply(change, key="same")
    outcome = shop.stage.apply(change, key="same")
    assert outcome.switched, outcome
    assert shop.log() == ["Roll out v1 of shop in production"]


def test_a_repair_is_a_commit_that_self_healing_keeps_and_its_undo_another(shop: Shop, alice: User, bob: User) -> None:
    assert shop.stage.deploy(shop.stage.release("v1")).switched
    web = Ref("Deployment", "shop-web", shop.stage.namespace)
    repair = Repair("scale", web, {"replicas": 5, "was": 3}, "Scale Deployment/shop-web to 5 (it is 3)")
    began = time.monotonic()
    change = carried(mending.propose(Actor.person(alice), shop.stage.environment, repair, idempotency_key="k"), bob)
    assert change.result["verification"]["verdict"] == "passed", change.result
    print(f"\napproved to verified: {time.monotonic() - began:.1f} s")
    assert shop.log()[0] == "Repair Deployment/shop-web of shop in production" and _replicas(shop) == 5
    time.sleep(8)  # self-healing has its say
    assert _replicas(shop) == 5 and shop.application()["status"]["sync"]["status"] == "Synced"
    back = carried(mending.propose_undo(Actor.person(alice), change, idempotency_key="u"), bob)
    assert back.result["verification"]["verdict"] == "passed", back.result
    assert _replicas(shop) == 3 and len(shop.log()) == 3


def _replicas(shop: Shop) -> int:
    web = shop.stage.live("Deployment", "shop-web")
    assert web is not None
    return int(web["spec"]["replicas"])


def test_an_application_that_reads_something_else_is_refused_before_anything_is_done(shop: Shop) -> None:
    _change(shop, source={"repoURL": shop.url, "targetRevision": "main", "path": "somewhere/else"})
    with pytest.raises(Refused, match="reads path somewhere/else"):
        select.world(shop.stage.environment, shop.stage.release("v1"))
    GitOpsRepository.objects.update(object_name="absent")
    with pytest.raises(Refused, match="There is no Application absent"):
        select.world(shop.stage.environment, shop.stage.release("v1"))


def test_the_mode_of_the_target_decides_who_drives(shop: Shop) -> None:
    assert isinstance(select.driver_of(shop.stage.environment), GitOpsDriver)
    Target.objects.update(mode=Target.Mode.APPLY)
    assert not isinstance(select.driver_of(shop.stage.environment), GitOpsDriver)
    assert syncing.LEAST_PATIENCE >= 180
