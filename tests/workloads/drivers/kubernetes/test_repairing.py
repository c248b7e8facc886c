"""A repair on a cluster that misbehaves, or that moved on: it is done once, on what was shown, or not at all."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import LeaseLost, Refused
from controlplane.core.models import User
from tests.fake_cluster import FakeCluster
from tests.workloads.drivers.kubernetes import victim
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from tests.workloads.stage import decide
from workloads import carrying, changes, drift, formers, mending, unattended
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.models import Change, Former, RemedyPolicy
from workloads.repairs import Ref, Repair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hurried")]


def up(shop: ClusterStage, *, was: int = 0, to: int = 3) -> Repair:
    ref = Ref("Deployment", "shop-web", shop.namespace)
    return Repair("scale", ref, {"replicas": to, "was": was}, f"Scale Deployment/shop-web to {to} (it is {was})")


def ours(cluster: FakeCluster) -> list[str]:
    """What repairs wrote."""
    return [write.path for write in cluster.writes if write.query.get("fieldManager", "").startswith("timonel-change-")]


def edit(shop: ClusterStage, **spec: Any) -> None:
    shop.kube.patch(kind_named("Deployment"), "shop-web", shop.namespace, {"spec": spec}, manager="kubectl-edit")


def replicas(shop: ClusterStage) -> int:
    web = shop.live("Deployment", "shop-web")
    assert web is not None
    return int(web["spec"]["replicas"])


@pytest.fixture
def stopped(pretended: ClusterStage) -> ClusterStage:
    """What runs there was scaled to nothing by somebody."""
    assert pretended.deploy(pretended.release("v1")).switched
    edit(pretended, replicas=0)
    return pretended


def proposed(shop: ClusterStage, alice: User, bob: User) -> Change:
    change = mending.propose(Actor.person(alice), shop.environment, up(shop), idempotency_key="k")
    decide(change, bob)
    return change


def test_it_is_shown_approved_done_once_looked_at_and_taken_back(stopped: ClusterStage, alice: User, bob: User) -> None:
    change = mending.propose(Actor.person(alice), stopped.environment, up(stopped), idempotency_key="k")
    shown = bytes(change.preview).decode()
    assert change.status == "waiting" and "-  replicas: 0" in shown and "+  replicas: 3" in shown
    assert "the next roll-out writes what the release says again" in shown
    assert replicas(stopped) == 0, "nothing is written before it is approved"
    decide(change, bob)
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert (change.status, change.result["verification"]["verdict"]) == ("applied", "passed"), change.result
    assert replicas(stopped) == 3
    back = mending.propose_undo(Actor.person(alice), change, idempotency_key="u")
    decide(back, bob)
    assert carrying.carry_through(back.pk, fence=1)
    back.refresh_from_db()
    assert (back.status, back.result["verification"]["verdict"]) == ("applied", "passed"), back.result
    assert replicas(stopped) == 0


def test_what_an_approved_repair_changed_is_no_drift_until_somebody_changes_it_again(
    pretended: ClusterStage, alice: User, bob: User
) -> None:
    shop = pretended
    assert shop.deploy(shop.release("v1")).switched
    change = mending.propose(Actor.person(alice), shop.environment, up(shop, was=3, to=5), idempotency_key="k")
    decide(change, bob)
    assert carrying.carry_through(change.pk, fence=1)
    shop.environment.refresh_from_db()
    assert drift.look(shop.environment) is None
    edit(shop, template={"spec": {"hostNetwork": True}})
    found = drift.look(shop.environment)
    assert found is not None
    [one] = drift.shown(found).differences
    assert {clash.manager.split(" (")[0]: clash.fields for clash in one.clashes} == {
        f"change {change.pk}": ("spec.replicas",),
        "kubectl-edit": ("spec.template.spec.hostNetwork",),
    }
    edit(shop, replicas=9)
    found = drift.look(shop.environment)
    assert found is not None
    assert f"change {change.pk}" not in {clash.manager for clash in drift.shown(found).differences[0].clashes}


@pytest.mark.parametrize("kind", ["conflict", "busy", "error_after", "error_before", "timeout", "half"])
def test_it_is_written_once_whatever_the_server_answers(
    kind: str, stopped: ClusterStage, cluster: FakeCluster, alice: User, bob: User
) -> None:
    change = proposed(stopped, alice, bob)
    cluster.fault(kind, method="PATCH", path="fieldManager=timonel-change")
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert (change.status, replicas(stopped)) == ("applied", 3), change.result
    assert kind in {name for name, _ in cluster.faults.happened}
    assert len(ours(cluster)) == 1


class Killed(BaseException):
    """What kill -9 looks like from inside."""


@pytest.mark.parametrize("after", [False, True])
def test_whoever_goes_on_after_a_kill_finds_what_was_written_and_what_stood_before(
    stopped: ClusterStage, cluster: FakeCluster, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    change, original = proposed(stopped, alice, bob), Client.patch

    def dying(client: Client, *args: Any, **more: Any) -> Any:
        if more.get("dry_run"):
            return original(client, *args, **more)
        if after:
            original(client, *args, **more)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Client, "patch", dying)
        with pytest.raises(Killed):
            changes.apply(change.pk, key="k", fence=1, say=stopped.say)
    outcome = changes.apply(change.pk, key="k", fence=2, say=stopped.say)
    assert outcome.switched and (replicas(stopped), len(ours(cluster))) == (3, 1)
    former = Former.objects.get().manifest
    assert former is not None and former["spec"]["replicas"] == 0
    change.refresh_from_db()
    back = mending.propose_undo(Actor.person(alice), change, idempotency_key="u")
    assert "+  replicas: 0" in bytes(back.preview).decode()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_is_really_killed_is_taken_over(
    stopped: ClusterStage, cluster: FakeCluster, alice: User, bob: User, after: bool
) -> None:
    change = proposed(stopped, alice, bob)
    assert victim.apply_and_die(change.pk, "k", 1, at=1, after=after) == -9
    assert changes.apply(change.pk, key="k", fence=2, say=stopped.say).switched
    assert (replicas(stopped), len(ours(cluster))) == (3, 1)


def test_a_world_that_moved_since_it_was_shown_is_left_alone(
    stopped: ClusterStage, cluster: FakeCluster, alice: User, bob: User
) -> None:
    change = proposed(stopped, alice, bob)
    edit(stopped, replicas=1)
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert (change.status, replicas(stopped), ours(cluster)) == ("cancelled", 1, [])


def test_a_world_that_moves_at_the_last_moment_is_left_alone(
    stopped: ClusterStage, cluster: FakeCluster, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, original = proposed(stopped, alice, bob), formers.keep

    def keep(*args: Any) -> None:
        original(*args)
        edit(stopped, replicas=7)

    monkeypatch.setattr(formers, "keep", keep)
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert (change.status, replicas(stopped), ours(cluster)) == ("failed", 7, [])


@pytest.mark.parametrize("right", ["patch deployments", "list pods", "get deployments"])
def test_a_missing_right_is_named_before_anything_is_done(
    stopped: ClusterStage, cluster: FakeCluster, alice: User, right: str
) -> None:
    cluster.denied, before = {right}, len(cluster.writes)
    with pytest.raises(Refused, match=right.replace("deployments", "deployments.apps")):
        mending.propose(Actor.person(alice), stopped.environment, up(stopped), idempotency_key="k")
    assert len(cluster.writes) == before
    assert not Change.objects.filter(actions__kind="repair").exists()


def test_what_belongs_to_others_is_refused(stopped: ClusterStage, alice: User) -> None:
    other = Repair("scale", Ref("Deployment", "web", "kube-system"), {"replicas": 3, "was": 0}, "Scale it")
    with pytest.raises(Refused, match="namespace kube-system"):
        mending.propose(Actor.person(alice), stopped.environment, other, idempotency_key="k")
    with pytest.raises(Refused, match="is in no repository"):
        mending.propose(Actor.person(alice), stopped.environment, up(stopped), idempotency_key="k", reviewed=True)


def test_a_secret_that_somebody_deleted_returns_with_its_values_and_none_of_them_stands_in_a_row(
    pretended: ClusterStage, alice: User, bob: User
) -> None:
    shop = pretended
    assert shop.deploy(shop.release("v1")).switched
    [secret] = shop.all("Secret")
    name = secret["metadata"]["name"]
    bare = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": shop.namespace}}
    ref = Ref("Secret", name, shop.namespace)
    repair = Repair("create_declared", ref, {"object": bare, "applied": True}, f"Create Secret/{name} as it was applied")
    shop.kube.delete(kind_named("Secret"), name, shop.namespace)
    change = mending.propose(Actor.person(alice), shop.environment, repair, idempotency_key="k")
    shown = bytes(change.preview).decode()
    assert "TOKEN" in shown and "hush" not in shown and "aHVza" not in shown
    decide(change, bob)
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert change.result["verification"]["verdict"] == "passed", change.result
    again = shop.live("Secret", name)
    assert again is not None and again["data"] == secret["data"]
    assert "hush" not in str(list(change.actions.values())) and "aHVza" not in str(list(change.actions.values()))
    back = mending.propose_undo(Actor.person(alice), change, idempotency_key="u")
    decide(back, bob)
    assert carrying.carry_through(back.pk, fence=1)
    assert shop.live("Secret", name) is None
    other = Repair("create_declared", Ref("Secret", "other", shop.namespace), {"object": bare, "applied": True}, "Create it")
    with pytest.raises(Refused, match="did not apply"):
        mending.propose(Actor.person(alice), shop.environment, other, idempotency_key="o")


def test_a_worker_whose_lease_was_lost_writes_nothing(stopped: ClusterStage, cluster: FakeCluster, alice: User, bob: User) -> None:
    change = proposed(stopped, alice, bob)
    patch = {"metadata": {"annotations": {"timonel.dev/fence": "99"}}}
    stopped.kube.patch(kind_named("Deployment"), "shop-web", stopped.namespace, patch, manager="newer")
    with pytest.raises(LeaseLost):
        changes.apply(change.pk, key="k", fence=1, say=stopped.say)
    assert ours(cluster) == []


def test_who_may_only_look_proposes_nothing_and_the_same_is_proposed_once(
    stopped: ClusterStage, alice: User, mallory: User
) -> None:
    with pytest.raises(Refused):
        mending.propose(Actor.person(mallory), stopped.environment, up(stopped), idempotency_key="m")
    first = mending.propose(Actor.person(alice), stopped.environment, up(stopped), idempotency_key="a")
    assert mending.propose(Actor.person(alice), stopped.environment, up(stopped), idempotency_key="b") == first


def test_what_the_environment_lets_be_done_unattended_is_approved_with_its_reason(
    stopped: ClusterStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unattended, "allows", lambda *_, **__: "Scaling is let be done here, at most 3 times in an hour.")
    change = mending.propose(Actor.system("incident"), stopped.environment, up(stopped), idempotency_key="k")
    assert change.status == "approved"
    assert change.approvals.get().reason == "Scaling is let be done here, at most 3 times in an hour."


def test_what_cannot_be_told_is_never_called_well(stopped: ClusterStage, cluster: FakeCluster, alice: User, bob: User) -> None:
    edit(stopped, template={"metadata": {"labels": {"lab/outcome": "unready"}}})
    change = proposed(stopped, alice, bob)
    assert changes.apply(change.pk, key="k", fence=1, say=stopped.say).switched
    outcome = mending.verify(Actor.system("test"), change, say=stopped.say, seconds=1.0)
    assert outcome.verdict == "inconclusive", outcome
    edit(stopped, replicas=1)
    assert mending.verify(Actor.system("test"), change, say=stopped.say, seconds=1.0).verdict == "failed"


def test_one_that_nobody_carries_is_found(stopped: ClusterStage, alice: User, bob: User) -> None:
    change = proposed(stopped, alice, bob)
    assert carrying.carries(change.pk) and carrying.left_lying() == []
    long_ago = timezone.now() - timedelta(hours=1)
    Change.objects.filter(pk=change.pk).update(decided_at=long_ago)
    assert carrying.left_lying() == [change.pk]
    assert changes.apply(change.pk, key=f"restore-{change.pk}", fence=1, say=stopped.say).switched
    Change.objects.filter(pk=change.pk).update(applied_at=long_ago)
    assert carrying.left_lying() == [change.pk], "applied, and never looked at"
    assert carrying.carry_through(change.pk, fence=2)
    assert carrying.left_lying() == []


def test_what_stands_around_it_may_change_meanwhile(stopped: ClusterStage, alice: User, bob: User) -> None:
    change = proposed(stopped, alice, bob)
    edit(stopped, progressDeadlineSeconds=333, revisionHistoryLimit=3)
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert (change.status, replicas(stopped)) == ("applied", 3), change.result


def test_a_removal_is_tried_without_removing_and_is_done_once(
    pretended: ClusterStage, cluster: FakeCluster, alice: User, bob: User, admin: User
) -> None:
    shop = pretended
    assert shop.deploy(shop.release("v1")).switched
    pod = shop.all("Pod")[0]["metadata"]
    stuck = Repair(
        "delete_pod", Ref("Pod", pod["name"], shop.namespace), {"uid": pod["uid"], "of": "Deployment/shop-web"}, "Delete it"
    )
    change = mending.propose(Actor.person(alice), shop.environment, stuck, idempotency_key="k")
    found = shop.live("Pod", pod["name"])
    assert found is not None and found["metadata"]["uid"] == pod["uid"], "it was only tried"
    assert (change.risk, change.quorum) == ("high", 2)
    decide(change, bob)
    decide(change, admin)
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert (change.status, change.result["verification"]["verdict"]) == ("applied", "passed"), change.result
    removed = [write.path for write in cluster.writes if write.method == "DELETE" and write.path.endswith(pod["name"])]
    assert len(removed) == 1
    with pytest.raises(Refused, match="cannot be taken back"):
        mending.propose_undo(Actor.person(alice), change, idempotency_key="u")


@pytest.mark.django_db(transaction=True)
def test_the_stop_button_pressed_while_a_repair_is_let_through_takes_it_back(
    stopped: ClusterStage, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = {"kinds": ["scale"], "most_an_hour": 3, "in_production": True}
    RemedyPolicy.objects.create(environment=stopped.environment, **policy)
    pressed, original = threading.Event(), changes.propose

    def press() -> None:
        try:
            pressed.set()
            unattended.stop(Actor.person(alice), stopped.environment)
        finally:
            connections.close_all()

    button = threading.Thread(target=press)

    def propose(*args: Any, **more: Any) -> Change:
        button.start()
        pressed.wait(10)
        button.join(0.5)
        return original(*args, **more)

    monkeypatch.setattr(changes, "propose", propose)
    change = mending.propose(Actor.system("incidents"), stopped.environment, up(stopped), idempotency_key="k")
    assert change.policy_approves, change.reasons
    button.join(10)
    change.refresh_from_db()
    assert (change.status, replicas(stopped)) == ("cancelled", 0)
