"""An incident where a repository says what runs: its repair is a pull request, waited for at rest until people merged it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from agents import housekeeping
from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.agents.test_incidents import drive, go_on, said, tended
from tests.fake_cluster import FakeCluster
from tests.workloads.drivers.conftest import cluster, hurried, pretended  # noqa: F401
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from tests.workloads.drivers.synced import PATH, Synced, git
from tests.workloads.forges import Answer, forge
from workloads import examinations, incidents, responses
from workloads.drivers.gitops import syncing
from workloads.models import Change, GitOpsRepository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hurried")]
OPEN = {"number": 7, "html_url": "https://github.com/team/deploy/pull/7", "state": "open"}


@pytest.fixture
def shop(
    transactional_db: None,
    pretended: ClusterStage,  # noqa: F811
    cluster: FakeCluster,  # noqa: F811
    settings: LazySettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Synced]:
    """v1 runs by a commit; then somebody commits that nothing runs."""
    settings.INCIDENT_WATCH_SECONDS = 0
    settings.DATA_DIR = tmp_path / "data"
    monkeypatch.setattr(syncing, "LOOK_SECONDS", 0.1)
    found = Synced(pretended, cluster, tmp_path / "deploy.git", tmp_path / "work")
    found.begin()
    assert pretended.deploy(pretended.release("v1")).switched
    found.commit("deployment-shop-web.yaml", "replicas: 3", "replicas: 0")
    yield found
    found.over.set()


def later(run: Run) -> Run:
    """Its time has come."""
    Run.objects.filter(pk=run.pk).update(resume_at=timezone.now() - timedelta(seconds=1))
    housekeeping.reap()
    return drive(run)


def test_a_pull_request_mends_it_once_people_merged_it(shop: Synced, alice: User, bob: User) -> None:
    incident = incidents.open_by(Actor.person(alice), shop.stage.environment, "The shop is away")
    run = tended(incident)
    examination = examinations.newest(incident)
    assert examination is not None and examination.remedies[0]["kind"] == "scale", examination
    assert PATH in examination.remedies[0]["world"]["differences"][0]["name"]
    with forge(Answer(200, []), Answer(201, OPEN), Answer(200, [OPEN])) as played:
        told = {"forge": "github", "forge_repository": "team/deploy", "api_url": played.url, "private": True, "token": "t"}
        GitOpsRepository.objects.update(**told)
        assert run.waiting_for is not None and "by a pull request" not in bytes(run.waiting_for.preview).decode()
        responses.choose(Actor.person(alice), incident, examination.remedies[0]["key"], reviewed=True)
        assert housekeeping.wake_waiting_for(run.waiting_for.pk) == 1
        run = drive(run)
        assert run.waiting_for is not None and "by a pull request" in bytes(run.waiting_for.preview).decode()
        change, run = run.waiting_for, go_on(run, bob)
        assert (run.status, run.resume_at is not None) == (Run.Status.WAITING, True), run.result
        assert later(run).status == Run.Status.WAITING, "nobody merged it yet"
        shop.merge(f"timonel/change-{change.pk}")
        played.answers[:] = [Answer(200, [{**OPEN, "state": "closed", "merged": True}])]
        run = later(run)
    assert run.status == Run.Status.SUCCEEDED, list(run.steps.values_list("node", "verdict", "summary"))
    assert said(run, "verify").verdict == "passed" and Change.objects.get(pk=change.pk).status == "applied"
    incident.refresh_from_db()
    assert incident.status == "resolved" and "replicas: 3" in shop.says("deployment-shop-web.yaml")
    assert sum(one.method == "POST" for one in played.asked) == 1
    assert git(shop.bare, "rev-list", "--count", "main") == "4"  # rolled out, scaled away, the repair, its merge
