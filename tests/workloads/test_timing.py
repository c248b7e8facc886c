"""Approve now and run later: nothing begins before its moment, and what waits for it does not run out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, NotFound, Refused
from controlplane.core.models import AuditEntry, RoleBinding, User
from controlplane.core.permissions import Role
from tests.workloads.stage import Stage, decide, kinds
from workloads import changes, queries
from workloads.models import Change

pytestmark = pytest.mark.django_db


@pytest.fixture
def change(production: Stage, alice: User) -> Change:
    return production.propose(production.release("v1"), by=alice)


@pytest.fixture
def tonight() -> datetime:
    return timezone.now() + timedelta(hours=40)


def approve(change: Change, person: User, not_before: datetime | None) -> Change:
    shown = change.preview_sha256
    return changes.decide(Actor.person(person), change.pk, "approve", shown_sha256=shown, reason="Fine.", not_before=not_before)


def test_what_is_approved_for_later_is_not_applied_before(production: Stage, change: Change, bob: User, tonight: datetime) -> None:
    assert approve(change, bob, tonight).status == "approved"
    with pytest.raises(Conflict, match="approved for later"):
        production.apply(change, key="k")
    change.refresh_from_db()
    assert (change.status, production.driver.calls) == ("approved", [])


def test_it_is_applied_once_its_moment_has_come(production: Stage, change: Change, bob: User, tonight: datetime) -> None:
    approve(change, bob, tonight)
    Change.objects.filter(pk=change.pk).update(not_before=timezone.now())
    production.apply(change, key="k")
    assert kinds(production.driver.calls) == ["stage", "switch"]


def test_it_does_not_expire_before_its_moment(change: Change, bob: User, tonight: datetime) -> None:
    assert change.expires_at < tonight
    approve(change, bob, tonight)
    assert changes.expire_due(tonight) == 0
    assert changes.expire_due(tonight + timedelta(hours=2)) == 1


def test_choosing_a_moment_gives_nobody_more_time_to_decide(change: Change, bob: User, tonight: datetime) -> None:
    until = change.expires_at
    changes.schedule(Actor.person(bob), change.pk, tonight, reason="At night.")
    changes.schedule(Actor.person(bob), change.pk, None, reason="No, at once.")
    change.refresh_from_db()
    assert change.expires_at == until


def test_what_was_brought_forward_does_not_stay_approved_for_days(change: Change, bob: User) -> None:
    approve(change, bob, timezone.now() + timedelta(days=20))
    changes.schedule(Actor.person(bob), change.pk, None, reason="At once.")
    change.refresh_from_db()
    assert change.expires_at < timezone.now() + timedelta(hours=2)


def test_begin_now_takes_the_moment_away(production: Stage, change: Change, bob: User, tonight: datetime) -> None:
    approve(change, bob, tonight)
    changes.schedule(Actor.person(bob), change.pk, None, reason="The night is calm already.")
    production.apply(change, key="k")
    entry = AuditEntry.objects.get(action="change.schedule")
    assert (entry.after, entry.reason) == ({"status": "approved", "not_before": None}, "The night is calm already.")


def test_whoever_asked_may_choose_the_moment_and_it_approves_nothing(change: Change, alice: User, tonight: datetime) -> None:
    RoleBinding.objects.create(user=alice, role=Role.APPROVER, scope="*")
    assert changes.schedule(Actor.person(alice), change.pk, tonight, reason="At night.").status == "waiting"


def test_a_moment_chosen_before_holds_for_whoever_approves_without_one(
    change: Change, bob: User, alice: User, tonight: datetime
) -> None:
    RoleBinding.objects.create(user=alice, role=Role.APPROVER, scope="*")
    changes.schedule(Actor.person(alice), change.pk, tonight, reason="At night.")
    decide(change, bob)
    change.refresh_from_db()
    assert change.is_early(timezone.now())
    assert list(queries.scheduled_for(Actor.person(bob))) == [change]


@pytest.mark.parametrize("ahead", [timedelta(seconds=-1), timedelta(days=31)])
def test_a_moment_in_the_past_or_far_away_is_refused_and_decides_nothing(change: Change, bob: User, ahead: timedelta) -> None:
    with pytest.raises(Invalid, match="past or too far"):
        approve(change, bob, timezone.now() + ahead)
    assert not change.approvals.exists()


def test_a_moment_without_a_zone_is_refused(change: Change, bob: User, tonight: datetime) -> None:
    with pytest.raises(Invalid, match="no zone"):
        approve(change, bob, tonight.replace(tzinfo=None))


def test_another_moment_needs_a_reason(change: Change, bob: User, tonight: datetime) -> None:
    with pytest.raises(Invalid, match="needs a reason"):
        changes.schedule(Actor.person(bob), change.pk, tonight, reason=" ")


def test_whoever_may_not_approve_chooses_no_moment(change: Change, alice: User, mallory: User, tonight: datetime) -> None:
    with pytest.raises(Refused):
        changes.schedule(Actor.person(alice), change.pk, tonight, reason="Later.")
    with pytest.raises(NotFound):
        changes.schedule(Actor.person(mallory), change.pk, tonight, reason="Later.")


def test_what_is_over_has_no_moment_any_more(production: Stage, change: Change, bob: User, tonight: datetime) -> None:
    decide(change, bob)
    production.apply(change, key="k")
    with pytest.raises(Conflict, match="no longer chosen"):
        changes.schedule(Actor.person(bob), change.pk, tonight, reason="Later.")
