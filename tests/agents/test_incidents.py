"""From an alert to the post-mortem that a search finds, and the ways that end otherwise; on a fake cluster, without a model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from agents import housekeeping, library, reactions, responding, runner, runs
from agents.models import Run, Step
from agents.operations import RealOperations
from agents.operations.incidents import waiting
from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry, OutboxMessage, User
from knowledge.models import Source
from knowledge.retrieval import Scope, search
from tests.agents.test_reactions import alert_source, deliver
from tests.workloads.drivers.conftest import cluster, hurried, pretended  # noqa: F401  the stage on a fake cluster
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from tests.workloads.hooks import payloads
from tests.workloads.stage import decide
from workloads import examinations, incidents, postmortems, responses
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.models import Announcement, Application, Change, Cluster, Environment, Incident, PostMortem, Snapshot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hurried")]
SYSTEM = Actor.system("test")
TEND = incidents.TEND


@pytest.fixture
def shop(transactional_db: None, pretended: ClusterStage, settings: LazySettings) -> Iterator[ClusterStage]:  # noqa: F811
    """Release v1 runs; whatever is repaired is watched for no time."""
    settings.INCIDENT_WATCH_SECONDS = 0
    assert pretended.deploy(pretended.release("v1")).switched
    yield pretended


def edit(shop: ClusterStage, **spec: Any) -> None:
    """What somebody does past Timonel."""
    shop.kube.patch(kind_named("Deployment"), "shop-web", shop.namespace, {"spec": spec}, manager="kubectl-edit")


def tended(incident: Incident) -> Run:
    """As the task does it that opening an incident asks for."""
    assert OutboxMessage.objects.filter(name=TEND, arguments=[incident.pk]).exists()
    run = responding.tend(incident.pk)
    assert run is not None
    return drive(run)


def drive(run: Run, operations: Any = None) -> Run:
    runner.drive(run.pk, operations or RealOperations())
    run.refresh_from_db()
    return run


def go_on(run: Run, bob: User, decision: str = "approve") -> Run:
    """Bob decides what it waits for, and it goes on."""
    assert run.waiting_for is not None, (run.status, run.result, list(run.steps.values_list("node", "summary")))
    decide(run.waiting_for, bob, decision, reason="I looked at it.")
    housekeeping.wake_waiting_for(run.waiting_for.pk)
    return drive(run)


class Twice:
    """Each verb asked twice, as after a worker that was lost right after it had done its part."""

    def __init__(self) -> None:
        self.really = RealOperations()

    @property
    def incidents(self) -> Twice:
        return Twice.of(self.really.incidents)

    @classmethod
    def of(cls, verbs: Any) -> Twice:
        made = cls.__new__(cls)
        made.really = verbs
        return made

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self.really, name)

        def ask(*given: Any) -> Any:
            verb(*given)
            return verb(*given)

        return ask


def said(run: Run, node: str) -> Step:
    return run.steps.filter(node=node, status=Step.Status.DONE).latest("pk")


def test_from_the_alert_to_the_post_mortem_that_a_search_finds(shop: ClusterStage, bob: User) -> None:
    edit(shop, replicas=0)
    source = alert_source(shop.environment)
    delivery = deliver(source, payloads.alertmanager())
    reactions.react(delivery.pk)
    incident = Incident.objects.get()
    run = tended(incident)
    assert run.status == Run.Status.WAITING, run.result
    examination = examinations.newest(incident)
    assert examination is not None and examination.diagnosis is not None
    snapshot = Snapshot.objects.get()
    assert (examination.standing, examination.diagnosis.snapshot, len(snapshot.sha256)) == ("fault", snapshot, 64)
    assert examination.diagnosis.hypotheses[0]["fault"] == "deployment_zero_replicas"
    assert {one["kind"] for one in examination.suspects} >= {"deployment", "drift"}
    assert examination.suspects[0]["kind"] == "drift" and "kubectl-edit" in examination.suspects[0]["who"]
    assert examination.remedies[0]["kind"] == "scale" and examination.remedies[0]["world"]["differences"]
    assert run.waiting_for is not None and "Scale Deployment" in run.waiting_for.title
    run = go_on(run, bob)
    assert run.status == Run.Status.SUCCEEDED, list(run.steps.values_list("node", "verdict", "summary"))
    assert said(run, "verify").verdict == "passed"
    incident.refresh_from_db()
    assert (incident.status, incident.escalated_at) == ("resolved", None)
    closed = AuditEntry.objects.get(action="incident.resolve")
    assert closed.actor_label == f"run {run.pk}" and "Mended: shop/production: Scale" in closed.reason
    text = PostMortem.objects.get().text
    for part in ("deployment_zero_replicas", "kubectl-edit", "approved by bob", "## Timeline", "SlowPages"):
        assert part in text, part
    assert responding.tend(incident.pk) is None  # as the task does that resolving asks for
    shelf = Source.objects.get(kind=Source.Kind.INCIDENTS)
    library.refresh(SYSTEM, shelf.pk)
    scope = Scope(frozenset(shop.environment.scopes))
    found = search("scaled to zero replicas deployment_zero_replicas", scope)
    assert any(one.source == shelf.name for one in found)
    assert not any(one.source == shelf.name for one in search("deployment_zero_replicas", Scope(frozenset({"environment/0"}))))


@pytest.mark.slow
def test_a_repair_that_a_person_rejects_leaves_it_open_and_tells_people(shop: ClusterStage, bob: User, alice: User) -> None:
    edit(shop, replicas=0)
    incident = incidents.open_by(Actor.person(alice), shop.environment, "The shop is away")
    run = go_on(tended(incident), bob, "reject")
    incident.refresh_from_db()
    assert (run.status, incident.status) == (Run.Status.REFUSED, "open")
    assert "I looked at it." in incident.escalated_because
    assert Announcement.objects.filter(kind="incident_escalated").count() == 1
    examination = examinations.newest(incident)
    assert examination is not None
    responses.choose(Actor.person(alice), incident, examination.remedies[0]["key"])
    again = drive(responding.tend(incident.pk) or run)
    assert again.pk != run.pk and again.waiting_for is not None
    assert alice in again.waiting_for.proposers.all()


@pytest.mark.slow
def test_a_repair_that_does_not_help_is_taken_back_by_a_change_of_its_own(
    shop: ClusterStage, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(shop, replicas=0)
    incident = incidents.open_for_alert(SYSTEM, shop.environment, "Slow", "It is slow", {})
    run = tended(incident)
    really = waiting.watched

    def meddled(*given: Any) -> Any:
        """Somebody scales it away again while it is watched."""
        edit(shop, replicas=0)
        return really(*given)

    monkeypatch.setattr(waiting, "watched", meddled)
    run = go_on(run, bob)
    assert said(run, "recheck").verdict == "failed"
    incident.refresh_from_db()
    assert incident.status == "mitigated"
    if run.status == Run.Status.WAITING:
        run = go_on(run, bob)
    incident.refresh_from_db()
    assert run.status in {Run.Status.ROLLED_BACK, Run.Status.FAILED}
    assert incident.escalated_because and incident.status == "mitigated"
    assert postmortems.newest(incident) is not None


@pytest.mark.slow
def test_two_incidents_of_one_fault_ask_people_once(shop: ClusterStage, bob: User) -> None:
    edit(shop, replicas=0)
    found = [incidents.open_for_alert(SYSTEM, shop.environment, name, name, {}) for name in ("Slow", "Errors")]
    first, second = tended(found[0]), tended(found[1])
    assert Change.objects.filter(status="waiting").count() == 1
    assert Snapshot.objects.count() == 1  # the second joins the look of the first
    assert first.waiting_for == second.waiting_for
    first = go_on(first, bob)
    second.refresh_from_db()
    second = drive(second)
    assert (first.status, second.status) == (Run.Status.SUCCEEDED, Run.Status.STOPPED)
    found[1].refresh_from_db()
    assert "It needs a person" in second.result["summary"] or found[1].escalated_because


@pytest.mark.slow
def test_what_is_resolved_meanwhile_is_not_mended(shop: ClusterStage, bob: User) -> None:
    edit(shop, replicas=0)
    incident = incidents.open_for_alert(SYSTEM, shop.environment, "Slow", "It is slow", {})
    run = tended(incident)
    waited = run.waiting_for
    assert waited is not None
    incidents.resolve(Actor.person(bob), incident, "I scaled it up.")
    responding.tend(incident.pk)
    waited.refresh_from_db()
    assert waited.status == "cancelled"
    housekeeping.wake_waiting_for(waited.pk)
    run = drive(run)
    assert (run.status, run.result["summary"]) == (Run.Status.SUCCEEDED, "The incident was resolved meanwhile.")


def test_a_healthy_cluster_gets_no_remedy_and_a_person_is_told(shop: ClusterStage) -> None:
    incident = incidents.open_for_alert(SYSTEM, shop.environment, "Slow", "It is slow", {})
    run = tended(incident)
    incident.refresh_from_db()
    assert (run.status, incident.status) == (Run.Status.STOPPED, "open")
    assert said(run, "look").verdict == "inconclusive"
    assert incident.escalated_because
    assert not Change.objects.filter(run_number=run.pk).exists()


@pytest.mark.slow
def test_a_cluster_that_is_away_is_not_evaluated_and_what_is_known_is_told(shop: ClusterStage) -> None:
    held = str(shop.environment.target.cluster.read_credentials)
    Cluster.objects.update(read_credentials=re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:9", held))
    incident = incidents.open_for_alert(SYSTEM, shop.environment, "Slow", "It is slow", {})
    run = tended(incident)
    assert (run.status, said(run, "look").verdict) == (Run.Status.STOPPED, "not_evaluated")
    examination = examinations.newest(incident)
    assert examination is not None and examination.lacking and examination.suspects


def test_on_one_machine_it_says_what_it_cannot_see_and_goes_on_with_what_is_known(transactional_db: None) -> None:
    place = Environment.objects.create(application=Application.objects.create(name="shop", repository="/nowhere"), name="local")
    incident = incidents.open_for_alert(SYSTEM, place, "Slow", "It is slow", {"alert": "Slow"})
    run = tended(incident)
    assert (run.status, said(run, "look").verdict) == (Run.Status.STOPPED, "not_evaluated")
    assert "no cluster" in said(run, "look").summary
    assert "Not evaluated" in PostMortem.objects.get().text


@pytest.mark.slow
def test_a_cancelled_run_withdraws_its_change_and_leaves_the_incident(shop: ClusterStage, alice: User) -> None:
    edit(shop, replicas=0)
    incident = incidents.open_for_alert(SYSTEM, shop.environment, "Slow", "It is slow", {})
    run = tended(incident)
    runs.cancel(Actor.person(alice), run)
    run = drive(run)
    incident.refresh_from_db()
    assert (run.status, incident.status, Change.objects.get(run_number=run.pk).status) == ("cancelled", "open", "cancelled")
    assert "cancelled" in incident.escalated_because


@pytest.mark.slow
def test_what_comes_back_is_looked_at_anew(shop: ClusterStage, bob: User) -> None:
    edit(shop, replicas=0)
    incident = incidents.open_for_alert(SYSTEM, shop.environment, "Slow", "It is slow", {})
    first = go_on(tended(incident), bob)
    assert first.status == Run.Status.SUCCEEDED
    assert responding.tend(incident.pk) is None
    Incident.objects.filter(pk=incident.pk).update(resolved_at=timezone.now() - timedelta(minutes=1))
    edit(shop, replicas=0)
    assert incidents.open_for_alert(SYSTEM, shop.environment, "Slow", "It is slow", {}).pk == incident.pk
    again = tended(incident)
    assert again.pk != first.pk and again.waiting_for is not None


@pytest.mark.slow
def test_asked_twice_each_step_finds_what_the_first_asking_did(shop: ClusterStage, bob: User) -> None:
    edit(shop, replicas=0)
    incident = incidents.open_for_alert(SYSTEM, shop.environment, "Slow", "It is slow", {})
    run = drive(responding.tend(incident.pk) or Run(), Twice())
    assert run.waiting_for is not None
    decide(run.waiting_for, bob)
    housekeeping.wake_waiting_for(run.waiting_for.pk)
    run = drive(run, Twice())
    assert run.status == Run.Status.SUCCEEDED, list(run.steps.values_list("node", "verdict", "summary"))
    assert Change.objects.filter(run_number=run.pk).count() == 1
    assert Snapshot.objects.count() == 2  # before the repair, and after
    assert AuditEntry.objects.filter(action="change.apply", target_id=str(Change.objects.get(run_number=run.pk).pk)).count() == 1
    assert PostMortem.objects.count() == 1
