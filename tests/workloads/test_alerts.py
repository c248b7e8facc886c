"""Alerts taken into an environment: rows with their incident, whatever order they come in and whoever sends them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connections
from django.utils import timezone

from agents import reactions
from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry, User
from tests.workloads import alerts as am
from tests.workloads.stage import SYSTEM, stage
from workloads import deliveries, incidents
from workloads.models import Alert, Announcement, Environment, Incident, Target, WebhookDelivery, WebhookRule, WebhookSource
from workloads.models.clusters import Cluster

pytestmark = pytest.mark.django_db
POD = {"namespace": "shop", "pod": "web-7d9f8b6c5d-x2b4k"}
ONE = am.One("Crashing", POD)
OTHER = am.One("Crashing", {**POD, "pod": "web-7d9f8b6c5d-x2b4l"})


@pytest.fixture
def production(db: None) -> Environment:
    return stage("production").environment


@pytest.fixture
def source(production: Environment) -> WebhookSource:
    return am.source_for(production)


def tell(source: WebhookSource, *alerts: am.One, again: str = "", **more: object) -> WebhookDelivery:
    """A delivery of these, received and handled."""
    delivery = am.receive(source, am.notification(alerts, **more), again)  # type: ignore[arg-type]
    reactions.react(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def told(kind: str) -> int:
    return Announcement.objects.filter(kind=kind).count()


def test_alerts_of_one_cause_are_rows_of_one_incident(source: WebhookSource) -> None:
    delivery = tell(source, ONE, OTHER, am.One("Slow", POD))
    first = Incident.objects.get(cause="alert Crashing shop/deployment/web")
    assert (first.about, first.alert_count, first.firing_count, first.opener) == ("deployment/web", 2, 2, "alert")
    assert Incident.objects.count() == told("incident_opened") == 2
    assert set(Alert.objects.values_list("told", "fired")) == {(1, 1)}
    outcome = delivery.outcome[0]
    assert outcome["alerts"] == {"fired": 3}
    assert "3 fired; in 2 incidents, of which 2 opened" in outcome["said"]


def test_told_again_it_is_counted_and_nobody_is_told(source: WebhookSource) -> None:
    for number in range(4):
        tell(source, ONE, again=str(number))
    assert Alert.objects.get().told == 4
    assert told("incident_opened") == AuditEntry.objects.filter(action="incident.open").count() == 1


def test_an_incident_is_over_with_the_last_of_its_alerts(source: WebhookSource) -> None:
    tell(source, ONE, OTHER)
    tell(source, ONE.over())
    incident = Incident.objects.get()
    assert (incident.status, incident.firing_count) == ("open", 1)
    tell(source, OTHER.over())
    incident.refresh_from_db()
    assert (incident.status, incident.firing_count, incident.alert_count) == ("resolved", 0, 2)
    assert AuditEntry.objects.get(action="incident.resolve").reason == "All of its 2 alerts are over, as alerts says."


def test_what_flaps_is_one_incident_and_people_are_told_thrice(source: WebhookSource) -> None:
    one = ONE
    for _ in range(10):
        tell(source, one)
        tell(source, one.over(4))
        one = one.anew()
    incident = Incident.objects.get()
    assert (incident.status, incident.reopened, Alert.objects.get().fired) == ("resolved", 9, 10)
    assert (told("incident_opened"), told("incident_resolved")) == (2, 1)
    assert incidents.tell_ends(timezone.now()) == 0, "it may come back"
    assert incidents.tell_ends(timezone.now() + incidents.REOPEN_WITHIN) == 1
    assert incidents.tell_ends(timezone.now() + incidents.REOPEN_WITHIN) == 0


def test_what_fires_long_after_its_end_is_another_incident(source: WebhookSource) -> None:
    tell(source, ONE)
    tell(source, ONE.over())
    Incident.objects.update(resolved_at=timezone.now() - incidents.REOPEN_WITHIN - timedelta(minutes=1))
    tell(source, ONE.anew())
    assert list(Incident.objects.order_by("pk").values_list("status", "alert_count")) == [("resolved", 1), ("open", 1)]
    assert list(Alert.objects.order_by("pk").values_list("told", flat=True)) == [2, 1]


def test_an_end_that_comes_first_opens_nothing_and_its_beginning_is_over(source: WebhookSource) -> None:
    tell(source, ONE.over())
    tell(source, ONE)
    assert not Incident.objects.exists()
    alone = Alert.objects.get()
    assert (alone.incident, alone.told, alone.fired) == (None, 2, 0)
    tell(source, OTHER)
    assert Incident.objects.get().alert_count == 2, "it belongs to the incident that its cause opens then"


def test_two_senders_of_one_alert_share_the_incident_and_both_must_say_that_it_is_over(
    source: WebhookSource, production: Environment
) -> None:
    second = am.source_for(production, name="second")
    tell(source, ONE)
    tell(second, ONE)
    tell(source, ONE.over())
    incident = Incident.objects.get()
    assert (incident.status, incident.alert_count) == ("open", 2)
    tell(second, ONE.over())
    incident.refresh_from_db()
    assert incident.status == "resolved"


def test_handled_again_nothing_is_doubled(source: WebhookSource, admin: User) -> None:
    delivery = tell(source, ONE, OTHER)
    before = list(Alert.objects.values_list("pk", "told", "fired"))
    deliveries.handle_again(Actor.person(admin), delivery)
    reactions.react(delivery.pk)
    assert list(Alert.objects.values_list("pk", "told", "fired")) == before
    assert Incident.objects.count() == 1


def test_what_fails_in_the_middle_left_nothing_and_is_handled_again(source: WebhookSource, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = am.receive(source, am.notification([ONE, OTHER]))

    def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(incidents, "opened", die)
        with pytest.raises(RuntimeError):
            reactions.react(delivery.pk)
    assert not Alert.objects.exists()
    assert not Incident.objects.exists()
    reactions.react(delivery.pk)
    assert list(Alert.objects.values_list("told", flat=True)) == [1, 1]
    assert Incident.objects.get().alert_count == 2


def test_an_old_delivery_handled_again_does_not_bring_back_what_is_over(source: WebhookSource, admin: User) -> None:
    first = tell(source, ONE)
    tell(source, ONE.over())
    deliveries.handle_again(Actor.person(admin), first)
    reactions.react(first.pk)
    assert Incident.objects.get().status == "resolved"


def test_what_a_person_resolved_while_it_fires_is_given_a_while(source: WebhookSource, admin: User) -> None:
    tell(source, ONE)
    incidents.resolve(Actor.person(admin), Incident.objects.get(), "It was the disk.")
    tell(source, ONE, again="soon")
    assert Incident.objects.get().status == "resolved"
    Incident.objects.update(resolved_at=timezone.now() - incidents.REOPEN_WITHIN - timedelta(minutes=1))
    tell(source, ONE, again="later")
    assert list(Incident.objects.order_by("pk").values_list("status", flat=True)) == ["resolved", "open"]
    assert Alert.objects.filter(ended_at__isnull=True).count() == 1


def test_alerts_of_another_namespace_open_nothing_unless_the_rule_names_it(source: WebhookSource, production: Environment) -> None:
    Environment.objects.filter(pk=production.pk).update(driver="kubernetes")
    cluster = Cluster.objects.create(name="harbour", kind="in_cluster")
    Target.objects.create(environment=production, cluster=cluster, namespace="shop")
    theirs = am.One("Crashing", {**POD, "namespace": "bank"})
    delivery = tell(source, theirs)
    assert (delivery.status, Incident.objects.exists()) == ("ignored", False)
    assert "in a namespace that is shop" in delivery.outcome[0]["said"]
    assert "1 of its 2 alerts" in tell(source, theirs, ONE).outcome[0]["said"]
    assert Alert.objects.get().labels["namespace"] == "shop"
    WebhookRule.objects.update(namespaces="shop, bank*")
    tell(source, theirs, again="named now")
    assert Incident.objects.count() == 2


def test_an_alert_opens_nothing_where_no_rule_of_its_source_leads(source: WebhookSource) -> None:
    foreign = stage("production", application="bank").environment
    labels = {"environment": str(foreign.pk), "application": "bank", "namespace": "bank"}
    tell(source, am.One("Crashing", labels))
    assert set(Incident.objects.values_list("environment__application__name", flat=True)) == {"shop"}


def test_hostile_labels_are_kept_short_shown_safe_and_told_apart(source: WebhookSource) -> None:
    long = "x" * 5_000
    hostile = [
        am.One("A" * 5_000, {"pod": long + "1"}),
        am.One("A" * 5_000, {"pod": long + "2"}),
        am.One("\x00\x1b[31mEvil\u202e", {"instance": "a\x00b", "n" * 5_000: "v", "line\nbreak": "v"}),
        am.One("Leak", {"password": "hunter2hunter2", "instance": "token=ghp_abcdefghijklmnopqrstuvwxyz0123456789"}),
        am.One("Many", {f"label{number:03}": "v" for number in range(500)} | POD),
        am.One("<script>alert(1)</script>", {"instance": "'; DROP TABLE workloads_alert; --"}),
    ]
    tell(source, *hostile)
    assert (Alert.objects.count(), Incident.objects.count()) == (6, 6)
    kept = str(list(Alert.objects.values())) + str(list(Incident.objects.values())) + str(list(WebhookDelivery.objects.values()))
    assert "hunter2" not in kept
    assert "ghp_abcdef" not in kept
    assert not {"\x00", "\x1b"} & set("".join(Alert.objects.values_list("name", flat=True)))
    assert Incident.objects.get(title__startswith="Many").about == "deployment/web"


def test_who_may_run_things_opens_an_incident_by_hand(production: Environment, alice: User, bob: User) -> None:
    made = incidents.open_by(
        Actor.person(alice), production, "Checkout is slow", "Since noon, token=ghp_abcdefghijklmnopqrstuvwxyz01234"
    )
    assert (made.opener, made.status, made.cause) == ("person", "open", "")
    assert "ghp_" not in str(made.evidence)
    assert AuditEntry.objects.get(action="incident.open").actor_label == "alice"
    with pytest.raises(Exception, match="may not run"):
        incidents.open_by(Actor.person(bob), production, "Mine")
    with pytest.raises(Exception, match="needs a title"):
        incidents.open_by(Actor.person(alice), production, "  ")


@pytest.mark.django_db(transaction=True)
def test_many_at_once_from_several_senders_are_one_incident(production: Environment) -> None:
    sources = [am.source_for(production, name=f"am-{number}") for number in range(3)]
    pods = [am.One("Crashing", {**POD, "pod": am.pod_of("web", number)}) for number in range(12)]
    waiting = [(source, am.receive(source, am.notification(pods[at : at + 4])).pk) for source in sources for at in range(0, 12, 4)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(_closing(lambda one: reactions.react(one[1])), waiting * 2))
    incident = Incident.objects.get()
    assert (incident.alert_count, Alert.objects.count()) == (36, 36)
    assert set(Alert.objects.values_list("told", flat=True)) == {1}
    assert told("incident_opened") == 1


def _closing(work: Callable[[tuple[WebhookSource, int]], None]) -> Callable[[tuple[WebhookSource, int]], None]:
    def run(one: tuple[WebhookSource, int]) -> None:
        try:
            work(one)
        finally:
            connections.close_all()

    return run


def test_alerts_leave_what_others_opened_alone(source: WebhookSource, production: Environment) -> None:
    Incident.objects.create(environment=production, title="A person saw it.", opened_at=timezone.now())
    incidents.open_for_alert(SYSTEM, production, "alert Other", "Other", {})
    tell(source, ONE)
    tell(source, ONE.over())
    assert Incident.objects.filter(status="open").count() == 2


def test_an_incident_from_before_there_were_rows_is_ended_by_its_alert(source: WebhookSource, production: Environment) -> None:
    told_before = ONE.document()
    Incident.objects.create(
        environment=production,
        title="Crashing",
        cause=f"{source.pk}/{told_before['fingerprint']}",
        evidence={"alert": "Crashing", "labels": told_before["labels"], "firing since": told_before["startsAt"]},
        opened_at=timezone.now(),
    )
    import_module("workloads.migrations.0018_alerts_and_remedies").say_who_opened_them(apps, None)
    tell(source, OTHER)
    assert (Incident.objects.get().cause, Incident.objects.get().alert_count) == ("alert Crashing shop/deployment/web", 2)
    tell(source, ONE.over(), OTHER.over())
    assert Incident.objects.get().status == "resolved"
