"""Windows, stops and locks keep what is approved from beginning; what runs may overrun, and what waits does not run out."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, NotFound, Refused
from controlplane.core.models import AuditEntry, OutboxMessage, RoleBinding, User
from controlplane.core.permissions import Role
from tests.workloads.stage import Stage, decide, kinds, long_ago, stage
from workloads import admission, changes, locks, rollback, stops
from workloads.changes import waiting
from workloads.models import Change, Environment, EnvironmentLock, Stop, Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(production: Stage, alice: User, bob: User) -> Change:
    """A roll-out that Alice asked for and Bob approved."""
    return decide(production.propose(production.release("v1"), by=alice), bob)


def freeze(environment: Environment | None = None, hours: float = 2, **more: Any) -> Window:
    """A freeze that began an hour ago."""
    begun = timezone.now().astimezone(UTC) - timedelta(hours=1)
    given = {"name": "Summer freeze", "kind": "deny", "duration": timedelta(hours=1 + hours), "starts_on": begun.date()}
    return Window.objects.create(**given | {"starts_at": begun.time().replace(microsecond=0), "environment": environment} | more)


def office(environment: Environment, **more: Any) -> Window:
    """An allowing window that is not now: tomorrow at noon, for an hour, every day."""
    tomorrow = (timezone.now() + timedelta(days=1)).date()
    given = {"name": "Noon", "kind": "allow", "rule": "FREQ=DAILY", "duration": timedelta(hours=1), "starts_on": tomorrow}
    return Window.objects.create(**given | {"starts_at": time(12), "environment": environment} | more)


def not_yet(place: Stage, change: Change, says: str) -> None:
    with pytest.raises(changes.NotYet, match=says):
        place.apply(change, key="k")
    change.refresh_from_db()
    assert (change.status, place.driver.calls) == ("approved", [])


def test_nothing_keeps_where_nothing_is_said(production: Stage, approved: Change) -> None:
    assert admission.keeping(approved, timezone.now()) is None
    production.apply(approved, key="k")
    assert kinds(production.driver.calls) == ["stage", "switch"]


def test_a_freeze_keeps_what_is_approved_and_says_until_when(production: Stage, approved: Change) -> None:
    row = freeze(production.environment)
    not_yet(production, approved, "Closed by “Summer freeze”. It opens 20")
    kept = admission.keeping(approved, timezone.now())
    assert kept is not None
    assert kept.rows == (row,)
    assert kept.until == datetime.combine(row.starts_on, row.starts_at, UTC) + timedelta(hours=3)
    Window.objects.update(enabled=False)
    production.apply(approved, key="k")
    assert kinds(production.driver.calls) == ["stage", "switch"]


def test_outside_of_every_allowing_window_it_waits_for_the_next(production: Stage, approved: Change) -> None:
    row = office(production.environment)
    not_yet(production, approved, "outside of the windows")
    assert admission.begins_at(approved, timezone.now()) == datetime.combine(row.starts_on, row.starts_at, UTC)


@pytest.mark.parametrize(
    ("scope", "keeps"),
    [
        ({}, True),
        ({"tier": "production"}, True),
        ({"tier": "staging"}, False),
        ({"application": "own"}, True),
        ({"application": "other"}, False),
        ({"environment": "other"}, False),
    ],
)
def test_a_window_holds_where_it_says(production: Stage, approved: Change, scope: dict[str, Any], keeps: bool) -> None:
    other = stage("production", application="bank").environment
    places: dict[str, Any] = {"own": production.environment.application, "other": other.application}
    given = {name: places.get(value, value) for name, value in scope.items()}
    freeze(**{**given, **({"environment": other} if scope.get("environment") else {})})
    assert (admission.keeping(approved, timezone.now()) is not None) == keeps


def test_a_window_that_cannot_be_read_closes(production: Stage, approved: Change) -> None:
    office(production.environment, rule="FREQ=SOMETIMES")
    not_yet(production, approved, "Closed by “Noon”. It does not open again by itself.")


def test_the_exception_needs_the_right_a_reason_and_another_person(
    production: Stage, approved: Change, alice: User, bob: User, admin: User, mallory: User
) -> None:
    freeze(production.environment)
    RoleBinding.objects.create(user=alice, role=Role.ADMINISTRATOR, scope="*")
    for person, reason, error in (
        (bob, "Urgent.", Refused),
        (alice, "Urgent.", Refused),
        (mallory, "Urgent.", NotFound),
        (admin, " ", Invalid),
    ):
        with pytest.raises(error):
            changes.except_from_windows(Actor.person(person), approved.pk, reason=reason)
    changes.except_from_windows(Actor.person(admin), approved.pk, reason="The shop is down.")
    entry = AuditEntry.objects.get(action="change.except")
    assert (entry.actor_label, entry.reason, entry.change_sha256) == ("ada", "The shop is down.", approved.preview_sha256)
    production.apply(approved, key="k")
    approved.refresh_from_db()
    assert (approved.excepted_by, approved.excepted_because, approved.status) == (admin, "The shop is down.", "applied")


def test_an_exception_of_somebody_who_lost_the_right_is_none(production: Stage, approved: Change, admin: User) -> None:
    freeze(production.environment)
    changes.except_from_windows(Actor.person(admin), approved.pk, reason="The shop is down.")
    RoleBinding.objects.filter(user=admin).delete()
    not_yet(production, Change.objects.get(pk=approved.pk), "Closed by")


def test_an_exception_approves_nothing_and_is_for_what_is_closed(production: Stage, alice: User, admin: User) -> None:
    change = production.propose(production.release("v1"), by=alice)
    with pytest.raises(Conflict, match="No window keeps"):
        changes.except_from_windows(Actor.person(admin), change.pk, reason="Urgent.")
    freeze(production.environment)
    assert changes.except_from_windows(Actor.person(admin), change.pk, reason="Urgent.").status == "waiting"


def test_what_is_kept_does_not_expire_and_what_may_begin_does(production: Stage, approved: Change) -> None:
    row = freeze(production.environment, hours=40)
    long_ago(approved)
    assert changes.expire_due() == 0
    approved.refresh_from_db()
    assert approved.expires_at >= timezone.now() + timedelta(hours=40)
    long_ago(approved)
    row.delete()
    assert changes.expire_due() == 1


def test_what_nobody_decided_expires_in_a_freeze_too(production: Stage, alice: User) -> None:
    freeze(production.environment)
    change = production.propose(production.release("v1"), by=alice)
    long_ago(change)
    assert changes.expire_due() == 1


def test_a_persons_rollback_passes_unless_the_window_says_otherwise(production: Stage, alice: User) -> None:
    production.live(production.release("v1"))
    production.live(production.release("v2"))
    row = freeze(production.environment)
    change = rollback.propose(Actor.person(alice), production.environment, reason="Slow.", idempotency_key="back")
    assert admission.keeping(change, timezone.now()) is None
    Window.objects.update(rollbacks_pass=False)
    kept = admission.keeping(change, timezone.now())
    assert kept is not None
    assert kept.rows == (row,)


def test_an_automatic_rollback_belongs_to_what_is_under_way(production: Stage) -> None:
    production.live(production.release("v1"))
    production.live(production.release("v2"))
    freeze(production.environment, rollbacks_pass=False)
    engine = Actor.system("run 7")
    change = rollback.propose(engine, production.environment, reason="Slow.", idempotency_key="back", automatic=True)
    assert admission.keeping(change, timezone.now()) is None


def test_taking_back_what_a_cancelled_run_began_belongs_to_it_too(production: Stage) -> None:
    production.live(production.release("v1"))
    change = production.propose(production.release("v2"), judged={"policy_approves": True, "refused_because": ""}, run_number=7)
    production.apply(change)
    freeze(production.environment, rollbacks_pass=False)
    production.environment.refresh_from_db()
    for number, kept in ((7, False), (8, True)):
        back = rollback.propose(
            Actor.system("run"), production.environment, reason="Cancelled.", idempotency_key=f"b{number}", run_number=number
        )
        assert (admission.keeping(back, timezone.now()) is not None) == kept


def test_a_change_that_runs_may_overrun_and_is_continued(production: Stage, approved: Change) -> None:
    def close(step: str) -> None:
        production.driver.before = lambda _: None
        freeze(production.environment)

    production.driver.before = close  # the freeze begins while it is being applied
    assert production.apply(approved, key="k").switched
    assert production.apply(approved, key="k", lease=2).switched


def test_stop_keeps_everything_until_it_is_lifted_by_whoever_may_unlock(
    production: Stage, approved: Change, alice: User, admin: User, mallory: User
) -> None:
    with pytest.raises(Refused):
        stops.stop(Actor.person(mallory), production.environment, reason="Panic.")
    stops.stop(Actor.person(alice), production.environment, reason="The database is being moved.")
    not_yet(production, approved, "alice stopped everything here: The database is being moved. It does not open again by itself.")
    with pytest.raises(Conflict, match="stopped already"):
        stops.stop(Actor.person(alice), production.environment, reason="Again.")
    with pytest.raises(Refused):
        stops.lift(Actor.person(alice), production.environment, reason="Done.")
    stops.lift(Actor.person(admin), production.environment, reason="Moved.")
    assert list(AuditEntry.objects.filter(action__contains="stop").values_list("action", flat=True).order_by("number")) == [
        "environment.stop",
        "environment.lift_stop",
    ]
    production.apply(approved, key="k")


def test_everything_everywhere_is_stopped_by_whoever_has_a_role_everywhere(
    production: Stage, approved: Change, alice: User, carol: User, admin: User
) -> None:
    RoleBinding.objects.create(user=carol, role=Role.OPERATOR, scope=f"environment/{production.environment.pk}")
    with pytest.raises(Refused):
        stops.stop(Actor.person(carol), None, reason="Panic.")
    stops.stop(Actor.person(alice), None, reason="We are attacked.")
    with pytest.raises(Conflict):
        stops.stop(Actor.person(alice), None, reason="Again.")
    not_yet(production, approved, "We are attacked")
    stops.lift(Actor.person(admin), None, reason="Over.")
    assert not Stop.objects.filter(lifted_at__isnull=True).exists()


def test_a_lock_keeps_what_others_asked_for_and_names_its_owner(
    production: Stage, approved: Change, admin: User, alice: User, bob: User
) -> None:
    locks.take(Actor.person(admin), production.environment, reason="I move the database")
    not_yet(production, approved, "ada has locked this environment until .*: I move the database. It opens")
    with pytest.raises(Conflict, match="ada has locked"):
        locks.take(Actor.person(alice), production.environment, reason="Me too.")
    with pytest.raises(Refused):
        locks.release(Actor.person(alice), production.environment, reason="Mine now.")
    locks.release(Actor.person(admin), production.environment, reason="Done.")
    production.apply(approved, key="k")


@pytest.mark.parametrize("owner", ["alice", "bob"])
def test_a_lock_lets_through_what_its_owner_asked_for_or_approved(
    production: Stage, approved: Change, alice: User, bob: User, owner: str
) -> None:
    locks.take(Actor.person({"alice": alice, "bob": bob}[owner]), production.environment, reason="Mine.")
    production.apply(approved, key="k")


def test_a_lock_outlives_its_lease_for_nobody(production: Stage, approved: Change, admin: User, alice: User) -> None:
    locks.take(Actor.person(admin), production.environment, reason="Mine.")
    past = timezone.now() - timedelta(hours=2)
    EnvironmentLock.objects.update(taken_at=past, expires_at=past + timedelta(hours=1))
    assert admission.keeping(approved, timezone.now()) is None
    locks.take(Actor.person(alice), production.environment, reason="Mine now.")
    assert EnvironmentLock.objects.filter(released_at__isnull=True).get().owner == alice
    with pytest.raises(Invalid, match="24 hours"):
        locks.take(Actor.person(alice), production.environment, reason="For ever.", lasting=timedelta(days=3))


def test_somebody_who_may_unlock_ends_the_lock_of_another(production: Stage, alice: User, admin: User) -> None:
    locks.take(Actor.person(alice), production.environment, reason="Mine.")
    locks.release(Actor.person(admin), production.environment, reason="She went home.")
    entry = AuditEntry.objects.get(action="environment.unlock")
    assert (entry.actor_label, (entry.before or {})["owner"], entry.reason) == ("ada", "alice", "She went home.")
    with pytest.raises(Conflict, match="not locked"):
        locks.release(Actor.person(admin), production.environment, reason="Again.")


def test_after_a_lock_the_windows_still_count(production: Stage, approved: Change, admin: User) -> None:
    freeze(production.environment, hours=5)
    locks.take(Actor.person(admin), production.environment, reason="Mine.")
    kept = admission.keeping(approved, timezone.now())
    assert kept is not None
    assert kept.until is not None
    assert kept.until > timezone.now() + timedelta(hours=4)


def test_an_exception_passes_no_lock(production: Stage, approved: Change, admin: User, alice: User, carol: User) -> None:
    RoleBinding.objects.create(user=carol, role=Role.OPERATOR, scope="*")
    freeze(production.environment)
    locks.take(Actor.person(carol), production.environment, reason="Mine.")
    changes.except_from_windows(Actor.person(admin), approved.pk, reason="Urgent.")
    not_yet(production, Change.objects.get(pk=approved.pk), "carol has locked")


def test_a_moment_of_its_own_and_a_window_both_count(production: Stage, alice: User, bob: User) -> None:
    tonight = timezone.now() + timedelta(hours=2)
    change = production.propose(production.release("v1"), by=alice)
    shown = change.preview_sha256
    changes.decide(Actor.person(bob), change.pk, "approve", shown_sha256=shown, reason="Fine.", not_before=tonight)
    change.refresh_from_db()
    assert admission.begins_at(change, timezone.now()) == tonight
    row = freeze(production.environment, hours=5)
    ends = datetime.combine(row.starts_on, row.starts_at, UTC) + timedelta(hours=6)
    assert admission.begins_at(change, timezone.now()) == ends


def test_parking_writes_down_when_to_look_again(production: Stage, approved: Change) -> None:
    freeze(production.environment, hours=1 / 12)
    assert waiting.look(approved.pk)
    approved.refresh_from_db()
    kept = admission.keeping(approved, timezone.now())
    assert kept is not None
    assert approved.look_again_at == kept.until
    Window.objects.update(duration=timedelta(hours=40))
    assert waiting.look(approved.pk)
    approved.refresh_from_db()
    assert approved.look_again_at is not None
    assert approved.look_again_at <= timezone.now() + waiting.LOOK_AGAIN
    waiting.reconsider(production.environment)
    assert OutboxMessage.objects.filter(name=waiting.LOOK, arguments=[production.environment.pk]).exists()
    waiting.look_again(production.environment.pk)
    approved.refresh_from_db()
    assert approved.look_again_at <= timezone.now()


def test_an_automatic_rollback_does_not_wait_for_what_waits_for_its_window(production: Stage, alice: User, bob: User) -> None:
    production.live(production.release("v1"))
    failed = production.live(production.release("v2"))
    freeze(production.environment)
    change = decide(production.propose(production.release("v3"), by=alice), bob)
    assert not rollback.situation_of(failed, timezone.now()).settled  # it may be about to begin
    assert waiting.look(change.pk)
    assert rollback.situation_of(failed, timezone.now()).settled
