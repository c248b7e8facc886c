"""What follows from a delivery: one run of the exact commit, one incident an alert; and what was lost is found."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agents import reactions, tasks
from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry, OutboxMessage, User
from tests.workloads.hooks import payloads, senders
from tests.workloads.stage import SYSTEM, RecordingDriver, Stage, stage
from workloads import deliveries, incidents
from workloads.hooks.parsing import parse
from workloads.hooks.signatures import Proof
from workloads.models import Environment, ForgeStatus, Incident, WebhookDelivery, WebhookRule, WebhookSource

pytestmark = pytest.mark.django_db
EVENTS = {"github": "push", "gitlab": "Push Hook", "alertmanager": "alert", "generic": "generic"}


@pytest.fixture
def staging(db: None) -> Environment:
    return stage("staging", "staging").environment


def source_of(environment: Environment | None, kind: str = "github", **more: Any) -> WebhookSource:
    application = environment.application if environment else None
    return WebhookSource.objects.create(name="shop", kind=kind, application=application, secret="k" * 32, **more)


def rule(
    source: WebhookSource, environment: Environment | None, event: str = "push", effect: str = "deploy", **more: Any
) -> WebhookRule:
    return WebhookRule.objects.create(source=source, environment=environment, event=event, effect=effect, **more)


def deliver(source: WebhookSource, document: Any, event: str = "") -> WebhookDelivery:
    """A delivery as the door writes it down."""
    body, name = senders.text(document), event or EVENTS[source.kind]
    digest = hashlib.sha256(body).hexdigest()
    found, _ = deliveries.receive(SYSTEM, source, Proof(name, digest[:20], digest), digest, parse(source.kind, name, body))
    return found


def handled(delivery: WebhookDelivery) -> WebhookDelivery:
    reactions.react(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def test_a_push_to_the_branch_deploys_exactly_its_commit(staging: Environment) -> None:
    source = source_of(staging)
    rule(source, staging, refs="main")
    delivery = handled(deliver(source, payloads.github_push()))
    run = Run.objects.get()
    assert (run.workflow, run.environment, run.requested_by_label) == ("deploy", staging, "webhook shop")
    assert run.input == {"ref": payloads.AFTER, "named": payloads.AFTER[:10], "delivery": delivery.pk}
    assert delivery.status == "handled"
    assert delivery.outcome[0]["run"] == run.pk
    assert {"run.start", "webhook.handle"} <= set(AuditEntry.objects.values_list("action", flat=True))


def test_handled_twice_or_again_it_is_the_same_run(staging: Environment, admin: User) -> None:
    source = source_of(staging)
    rule(source, staging)
    delivery = handled(handled(deliver(source, payloads.github_push())))
    deliveries.handle_again(Actor.person(admin), delivery)
    assert handled(delivery).outcome[0]["run"] == Run.objects.get().pk


def test_a_replay_after_the_row_is_gone_finds_the_run_it_began(staging: Environment) -> None:
    source = source_of(staging)
    rule(source, staging)
    handled(deliver(source, payloads.github_push()))
    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(days=91))
    assert deliveries.forget_old() == 1
    again = handled(deliver(source, payloads.github_push()))
    assert again.outcome[0]["run"] == Run.objects.get().pk


def test_a_tag_is_deployed_under_its_name(staging: Environment) -> None:
    source = source_of(staging)
    rule(source, staging, event="tag", refs="v*")
    handled(deliver(source, payloads.github_push("refs/tags/v2", before=payloads.ZERO)))
    assert Run.objects.get().input["named"] == "v2"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (payloads.github_push(after=payloads.ZERO), "The branch was deleted."),
        (payloads.github_push("refs/heads/tides"), "tides is not main."),
        (payloads.github_push(repository=payloads.github_repository(1, "mallory/shop")), "mallory/shop"),
    ],
)
def test_where_nothing_follows_it_is_said_why(document: Any, words: str, staging: Environment) -> None:
    source = source_of(staging, repository="harbour/shop")
    rule(source, staging, refs="main")
    delivery = handled(deliver(source, document))
    assert (delivery.status, Run.objects.count()) == ("ignored", 0)
    assert words in delivery.outcome[0]["said"]


def test_a_fork_gets_no_run_however_many_rules_name_it(staging: Environment) -> None:
    source = source_of(staging)
    for event in ("pull_request", "push", "workflow_run"):
        rule(source, staging, event=event)
    handled(deliver(source, payloads.github_pull_request("opened", 99), "pull_request"))
    handled(deliver(source, payloads.github_workflow_run(head_repository=99), "workflow_run"))
    assert not Run.objects.exists()


def test_a_source_of_one_application_reaches_no_other(staging: Environment) -> None:
    foreign = stage("production", application="bank").environment
    source = source_of(staging)
    rule(source, foreign)
    assert handled(deliver(source, payloads.github_push())).status == "ignored"
    WebhookSource.objects.update(application=None)
    source.refresh_from_db()
    assert handled(deliver(source, payloads.github_push("refs/heads/other"))).status == "handled"
    assert Run.objects.get().environment == foreign


def test_what_is_refused_is_what_came_of_it_and_the_others_still_happen(staging: Environment) -> None:
    second = Environment.objects.create(application=staging.application, name="second")
    source = source_of(staging)
    rule(source, staging)
    rule(source, second)
    delivery = deliver(source, payloads.github_push())
    Run.objects.create(
        workflow="rollback", environment=staging, idempotency_key=reactions.key_of(delivery, staging), requested_by_label="x"
    )
    outcome = handled(delivery).outcome
    assert [one["effect"] for one in outcome] == ["failed", "deploy"]
    assert "another request" in outcome[0]["said"]


def alert_source(environment: Environment) -> WebhookSource:
    source = source_of(environment, "alertmanager")
    rule(source, environment, "alert", "incident", refs="Slow*")
    return source


def test_an_alert_opens_refreshes_and_resolves_its_own_incident(staging: Environment) -> None:
    source = alert_source(staging)
    first = handled(deliver(source, payloads.alertmanager()))
    incident = Incident.objects.get()
    assert (incident.status, incident.environment) == ("open", staging)
    assert incident.title == "SlowPages: Pages take longer than two seconds."
    assert first.outcome[0]["incidents"] == [incident.pk]
    handled(deliver(source, payloads.alertmanager(groupKey="again")))
    assert Incident.objects.get().evidence["delivery"] > first.pk
    handled(deliver(source, payloads.alertmanager(payloads.alert("resolved"))))
    incident.refresh_from_db()
    assert incident.status == "resolved"
    assert AuditEntry.objects.get(action="incident.resolve").reason == "The alert is over, as shop says."


def test_an_alert_never_resolves_what_it_did_not_open(staging: Environment) -> None:
    Incident.objects.create(environment=staging, title="A person saw it.", opened_at=timezone.now())
    place = Stage(staging, RecordingDriver())
    by_deployment = incidents.open_for(place.live(place.release("v1")), "It failed.", {})
    other = WebhookSource.objects.create(name="other", kind="alertmanager", secret="k" * 32)
    rule(other, staging, "alert", "incident")
    handled(deliver(other, payloads.alertmanager()))
    source = alert_source(staging)
    handled(deliver(source, payloads.alertmanager(payloads.alert("resolved"), payloads.alert("resolved", ""))))
    assert set(Incident.objects.values_list("status", flat=True)) == {"open"}
    assert (by_deployment.cause, Incident.objects.filter(opener="alert").count()) == ("", 1)


def test_the_alerts_of_one_cause_are_one_incident(staging: Environment) -> None:
    document = payloads.alertmanager(
        payloads.alert(), payloads.alert(fingerprint="d00d"), payloads.alert(), payloads.alert(fingerprint="f00d", name="DiskFull")
    )
    handled(deliver(alert_source(staging), document))
    assert Incident.objects.get().alert_count == 2  # one of three was told twice; Slow* is not DiskFull


def test_a_delivery_whose_message_was_lost_is_found_again(staging: Environment) -> None:
    source = source_of(staging)
    rule(source, staging)
    delivery = deliver(source, payloads.github_push())
    OutboxMessage.objects.all().delete()
    tasks.react_to_lost()
    assert not OutboxMessage.objects.exists()  # it may still be on its way
    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    tasks.react_to_lost()
    assert OutboxMessage.objects.get().arguments == [delivery.pk]
    tasks.react(delivery.pk)
    assert deliveries.lost() == []


def test_what_fails_every_time_is_given_up_and_says_so(staging: Environment) -> None:
    source = source_of(staging)
    rule(source, staging)
    delivery = deliver(source, payloads.github_push())
    WebhookDelivery.objects.filter(pk=delivery.pk).update(facts={"event": "push", "broken": True})
    for _ in range(deliveries.MOST_ATTEMPTS):
        with pytest.raises(KeyError):
            reactions.react(delivery.pk)
    reactions.react(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("failed", deliveries.MOST_ATTEMPTS + 1)
    assert "5 times" in delivery.outcome[0]["said"]


def test_a_reaction_that_dies_half_way_left_nothing(staging: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(staging)
    rule(source, staging)
    delivery = deliver(source, payloads.github_push())

    def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "conclude", die)
        with pytest.raises(RuntimeError):
            reactions.react(delivery.pk)
    assert not Run.objects.exists()
    assert connection.in_atomic_block
    assert handled(delivery).status == "handled"


def test_without_a_token_no_forge_is_told_and_with_one_it_is(staging: Environment) -> None:
    source = source_of(staging)
    rule(source, staging)
    handled(deliver(source, payloads.github_push()))
    assert not ForgeStatus.objects.exists()
    WebhookSource.objects.update(api_token=senders.OTHER_KEY)
    source.refresh_from_db()
    handled(deliver(source, payloads.github_push("refs/heads/next")))
    found = set(ForgeStatus.objects.values_list("kind", "context", "commit", "state"))
    assert found == {(kind, "timonel/shop/staging", payloads.AFTER, "pending") for kind in ("commit", "deployment")}
