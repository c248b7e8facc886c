"""Who is told: routes, people's own choices, what they may see at the moment of sending; nothing to who may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Refused
from controlplane.core.models import AuditEntry, RoleBinding, User
from tests.workloads.notices.conftest import channel, go, let_time_pass, states, tell
from tests.workloads.notices.hooks import Receiver
from tests.workloads.notices.post_office import PostOffice
from workloads.models import Announcement, Environment, Notification, NotificationChannel
from workloads.notices import announce, asking, router, sending

pytestmark = pytest.mark.django_db
Hooks = Callable[..., Receiver]


def wants(person: User, *kinds: str) -> None:
    asking.choose(Actor.person(person), person, {"kinds": list(kinds)})


def test_a_person_is_told_what_they_chose_and_may_see(
    post_office: PostOffice, environment: Environment, alice: User, bob: User, mallory: User, carol: User
) -> None:
    for person in (alice, mallory, carol):
        wants(person, "run_failed")
    wants(bob, "run_succeeded")
    tell(environment)
    go()
    assert list(Notification.objects.values_list("receiver_label", flat=True)) == ["alice"]
    assert post_office.recipients == ["rcpt TO:<alice@example.org>"]


def test_who_lost_the_right_before_it_was_sent_is_told_nothing(
    post_office: PostOffice, environment: Environment, alice: User
) -> None:
    wants(alice, "run_failed")
    tell(environment)
    router.route_all()
    RoleBinding.objects.filter(user=alice).delete()
    sending.send_due()
    row = Notification.objects.get()
    assert (row.status, row.why, post_office.asked) == ("suppressed", "The person may not see this any more.", 0)


def test_who_left_is_told_nothing(post_office: PostOffice, environment: Environment, alice: User) -> None:
    wants(alice, "run_failed")
    tell(environment)
    router.route_all()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    sending.send_due()
    assert states() == ["suppressed"]


def test_without_an_address_it_is_said_why_nothing_came(post_office: PostOffice, environment: Environment, alice: User) -> None:
    wants(alice, "run_failed")
    User.objects.filter(pk=alice.pk).update(email="")
    tell(environment)
    go()
    assert "no e-mail address" in Notification.objects.get().why


def test_without_a_mail_server_mail_waits_and_says_what_to_set(environment: Environment, alice: User) -> None:
    wants(alice, "run_failed")
    tell(environment)
    go()
    row = Notification.objects.get()
    assert row.status == "waiting"
    assert "TIMONEL_EMAIL_URL" in row.tries.get().error


def test_a_channel_that_was_switched_off_or_deleted_is_told_nothing(hooks: Hooks, environment: Environment) -> None:
    receiver = hooks()
    first, second = channel("webhook", receiver.url, "first"), channel("webhook", receiver.url, "second")
    tell(environment)
    router.route_all()
    NotificationChannel.objects.filter(pk=first.pk).update(enabled=False)
    second.delete()
    sending.send_due()
    whys = list(Notification.objects.order_by("pk").values_list("why", flat=True))
    assert whys == ["Its channel is switched off.", "Its channel was deleted."]
    assert receiver.asked == 0


def test_an_announcement_is_routed_once_however_often_it_is_asked(hooks: Hooks, environment: Environment) -> None:
    channel("webhook", hooks().url)
    told = tell(environment)
    router.route_all()
    Announcement.objects.filter(pk=told.pk).update(routed_at=None)
    router.route_all()
    assert Notification.objects.count() == 1


def test_what_did_not_happen_is_not_told(environment: Environment) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        announce("run_failed", environment, "run-1", "It failed")
        raise RuntimeError
    assert not Announcement.objects.exists()


def test_send_again_sends_with_the_same_key_and_is_audited(hooks: Hooks, environment: Environment, admin: User) -> None:
    receiver = hooks(answers=["400"])
    channel("webhook", receiver.url)
    tell(environment)
    go()
    row = Notification.objects.get()
    assert row.status == "failed"
    asking.send_again(Actor.person(admin), row.pk)
    go()
    row.refresh_from_db()
    assert (row.status, receiver.got[0].key) == ("sent", str(row.key))
    entry = AuditEntry.objects.get(action="notification.send_again")
    assert (entry.actor_label, entry.before, entry.after) == ("ada", {"status": "failed"}, {"status": "waiting"})
    assert [one.number for one in row.tries.all()] == [1, 2]


def test_what_is_on_its_way_is_not_sent_again(hooks: Hooks, environment: Environment, admin: User) -> None:
    channel("webhook", hooks().url)
    tell(environment)
    router.route_all()
    with pytest.raises(Conflict):
        asking.send_again(Actor.person(admin), Notification.objects.get().pk)


def test_only_who_administers_everything_sends_again_or_tries_a_channel(
    hooks: Hooks, environment: Environment, bob: User, carol: User
) -> None:
    made = channel("webhook", hooks().url)
    tell(environment)
    go()
    RoleBinding.objects.create(user=carol, role="administrator", scope=f"environment/{environment.pk}")
    for person in (bob, carol):
        with pytest.raises(Refused):
            asking.send_again(Actor.person(person), Notification.objects.get().pk)
        with pytest.raises(Refused):
            asking.try_channel(Actor.person(person), made)


def test_a_test_message_goes_to_its_channel_alone_and_in_quiet_hours_too(
    hooks: Hooks, environment: Environment, admin: User
) -> None:
    receiver, other = hooks(), hooks()
    tried = channel("slack", receiver.url, "tried")
    channel("slack", other.url, "other")
    asking.try_channel(Actor.person(admin), tried)
    go()
    assert "Test message for tried" in receiver.got[0].json["text"]
    assert other.asked == 0
    assert AuditEntry.objects.get(action="notificationchannel.test").actor_label == "ada"


def test_later_ones_wait_while_an_earlier_one_is_tried_again_by_hand(hooks: Hooks, environment: Environment, admin: User) -> None:
    receiver = hooks(answers=["400", "500"])
    channel("webhook", receiver.url)
    tell(environment, title="first")
    go()
    asking.send_again(Actor.person(admin), Notification.objects.get().pk)
    tell(environment, title="second")
    router.route_all()
    sending.send_due()
    assert states() == ["waiting", "waiting"]
    let_time_pass()
    sending.send_due()
    assert [one.json["title"] for one in receiver.got] == ["first", "second"]
