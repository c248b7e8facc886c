"""Decisions on changes: who, on what, until when; each refusal its own test."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction

from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, NotFound, Refused
from controlplane.core.models import AuditEntry, OutboxMessage, RoleBinding, User
from controlplane.core.permissions import Role, Verb
from tests.workloads.stage import Stage, decide, kinds, long_ago, stage
from workloads import actions, changes
from workloads.changes import approvals
from workloads.models import Approval, Change, Deployment, Release, Variable
from workloads.previews import Facts, sha256

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(production: Stage) -> Release:
    return production.release("v1")


@pytest.fixture
def change(production: Stage, release: Release, alice: User) -> Change:
    return production.propose(release, by=alice)


def _status(change: Change) -> str:
    return Change.objects.get(pk=change.pk).status


def _wake_ups(change: Change) -> int:
    return OutboxMessage.objects.filter(name="agents.change_decided", arguments=[change.pk]).count()


def test_an_approval_approves_and_wakes_the_run_up_once(change: Change, bob: User) -> None:
    assert decide(change, bob).status == "approved"
    assert _wake_ups(change) == 1


def test_an_approved_change_is_applied_once(production: Stage, change: Change, bob: User) -> None:
    decide(change, bob)
    first = production.apply(change, key="k")
    assert production.apply(change, key="k") == first
    assert kinds(production.driver.calls) == ["stage", "switch"]
    assert _status(change) == "applied"


def test_another_key_does_not_apply_it_again(production: Stage, change: Change, bob: User) -> None:
    decide(change, bob)
    production.apply(change, key="k")
    with pytest.raises(Conflict, match="applied already"):
        production.apply(change, key="another")


def test_what_waits_is_not_applied(production: Stage, change: Change) -> None:
    with pytest.raises(Conflict, match="only an approved one"):
        production.apply(change)
    assert production.driver.calls == []


def test_a_changed_byte_of_the_stored_preview_stops_it(production: Stage, change: Change, bob: User) -> None:
    decide(change, bob)
    altered = bytes(change.preview).replace(b"hello", b"hellp")
    assert altered != bytes(change.preview)
    _without_trigger(change, preview=altered)
    with pytest.raises(Conflict, match="altered"):
        production.apply(change)
    assert production.driver.calls == []


def test_a_changed_byte_of_what_would_be_done_stops_it(production: Stage, change: Change, release: Release, bob: User) -> None:
    decide(change, bob)
    release.run_plan = {"processes": {"web": ["gunicorn", "shop.wsgj"]}}
    release.save()
    with pytest.raises(Conflict, match="has moved"):
        production.apply(change)
    assert production.driver.calls == []
    assert _status(change) == "cancelled"


def test_a_changed_secret_stops_it_although_it_is_masked(production: Stage, alice: User, bob: User) -> None:
    release = production.release("v1", configuration={"API_KEY": {"value": "one", "secret": True}})
    change = production.propose(release, by=alice)
    assert b"one" not in bytes(change.preview)
    decide(change, bob)
    release.configuration = {"API_KEY": {"value": "two", "secret": True}}
    release.save()
    with pytest.raises(Conflict, match="has moved"):
        production.apply(change)


def test_the_database_refuses_to_alter_a_preview(change: Change) -> None:
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        Change.objects.filter(pk=change.pk).update(preview=b"{}")


def test_a_moved_target_stops_it(production: Stage, change: Change, bob: User) -> None:
    decide(change, bob)
    Variable.objects.create(environment=production.environment, name="DEBUG", value="1", secret=False)
    with pytest.raises(Conflict, match="has moved"):
        production.apply(change)
    assert production.driver.calls == []


def test_a_deployment_in_between_voids_what_still_waits(production: Stage, change: Change, bob: User, alice: User) -> None:
    other = production.propose(production.release("v2"), by=alice)
    decide(other, bob)
    production.apply(other)
    assert _status(change) == "cancelled"
    assert _wake_ups(change) == 1
    with pytest.raises(Conflict, match="cancelled"):
        decide(change, bob)


def test_a_policy_that_asks_for_more_than_when_it_was_shown_stops_it(production: Stage, change: Change, bob: User) -> None:
    decide(change, bob)
    production.environment.quorum = 2
    production.environment.save()
    with pytest.raises(Conflict, match="has moved"):
        production.apply(change)


def test_nobody_decides_what_has_expired(change: Change, bob: User) -> None:
    long_ago(change)
    with pytest.raises(Conflict, match="expired"):
        decide(change, bob)
    assert _status(change) == "expired"
    assert _wake_ups(change) == 1


def test_an_approval_too_old_is_not_applied(production: Stage, change: Change, bob: User) -> None:
    decide(change, bob)
    long_ago(change)
    with pytest.raises(Conflict, match="expired"):
        production.apply(change)
    assert production.driver.calls == []


def test_what_nobody_decides_is_rejected_when_its_time_is_over(change: Change) -> None:
    assert changes.expire_due() == 0
    long_ago(change)
    assert changes.expire_due() == 1
    assert Change.objects.get(pk=change.pk).get_status_display() == "rejected: expired"
    assert Deployment.objects.get(change=change).status == "cancelled"


def test_nobody_approves_their_own_request(production: Stage, release: Release, admin: User) -> None:
    change = production.propose(release, by=admin)
    with pytest.raises(Refused, match="asked for"):
        decide(change, admin)


def test_the_owner_of_the_schedule_that_proposed_it_may_not_approve(production: Stage, release: Release, bob: User) -> None:
    change = production.propose(release, proposers=[bob])
    with pytest.raises(Refused, match="asked for"):
        decide(change, bob)


def test_nobody_approves_their_own_commit(production: Stage, alice: User, bob: User) -> None:
    change = production.propose(production.release("v1", commit_author="B. Builder <BOB@example.org>"), by=alice)
    with pytest.raises(Refused, match="own commit"):
        decide(change, bob)


def test_who_asked_may_reject(production: Stage, release: Release, admin: User) -> None:
    assert decide(production.propose(release, by=admin), admin, "reject").status == "rejected"


def test_a_decider_who_lost_the_role_no_longer_counts(production: Stage, change: Change, bob: User) -> None:
    decide(change, bob)
    RoleBinding.objects.filter(user=bob).delete()
    with pytest.raises(Refused, match="lost the right"):
        production.apply(change)
    assert production.driver.calls == []
    assert _status(change) == "cancelled"


def test_a_decider_who_was_deactivated_no_longer_counts(production: Stage, change: Change, bob: User) -> None:
    decide(change, bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(Refused, match="lost the right"):
        production.apply(change)


def test_an_approver_of_another_environment_cannot_even_see_it(change: Change, carol: User) -> None:
    elsewhere = stage("staging", "staging", "other").environment
    RoleBinding.objects.create(user=carol, role=Role.APPROVER, scope=f"environment/{elsewhere.pk}")
    with pytest.raises(NotFound):
        decide(change, carol)


def test_whoever_may_only_run_may_not_approve(change: Change, production: Stage, carol: User) -> None:
    RoleBinding.objects.create(user=carol, role=Role.OPERATOR, scope=f"environment/{production.environment.pk}")
    with pytest.raises(Refused, match="right to approve"):
        decide(change, carol)


def test_a_required_role_is_required(production: Stage, release: Release, alice: User, bob: User, admin: User) -> None:
    production.environment.required_role = Role.ADMINISTRATOR
    production.environment.save()
    change = production.propose(release, by=alice)
    with pytest.raises(Refused, match="administrator"):
        decide(change, bob)
    assert decide(change, admin).status == "approved"


def test_a_decision_on_one_change_is_no_decision_on_another(production: Stage, change: Change, alice: User, bob: User) -> None:
    decide(change, bob)
    other = production.propose(production.release("v2"), by=alice)
    assert other.status == "waiting"
    with pytest.raises(Conflict, match="only an approved one"):
        production.apply(other)


def test_a_decision_is_for_the_bytes_that_were_shown(change: Change, bob: User) -> None:
    with pytest.raises(Conflict, match="not what this change would do"):
        decide(change, bob, shown=sha256(b"something else"))
    assert not change.approvals.exists()


def test_what_was_rejected_is_not_approved_after(production: Stage, change: Change, bob: User, admin: User) -> None:
    decide(change, bob, "reject")
    with pytest.raises(Conflict, match="rejected"):
        decide(change, admin)
    with pytest.raises(Conflict, match="only an approved one"):
        production.apply(change)


def test_one_rejection_ends_it_although_others_approved(
    production: Stage, release: Release, bob: User, admin: User, alice: User
) -> None:
    change = production.propose(release, by=alice, judged={"quorum": 2})
    decide(change, bob)
    assert decide(change, admin, "reject").status == "rejected"
    assert _wake_ups(change) == 1


def test_a_person_decides_once(production: Stage, release: Release, alice: User, bob: User) -> None:
    change = production.propose(release, by=alice, judged={"quorum": 2})
    decide(change, bob)
    for second in ("approve", "reject"):
        with pytest.raises(Conflict, match="never altered"):
            decide(change, bob, second)
    assert _status(change) == "waiting"


def test_a_quorum_is_of_distinct_people(production: Stage, release: Release, alice: User, bob: User, admin: User) -> None:
    change = production.propose(release, by=alice, judged={"quorum": 2})
    assert decide(change, bob).status == "waiting"
    assert decide(change, admin).status == "approved"


def test_the_database_refuses_to_alter_a_decision(change: Change, bob: User) -> None:
    decide(change, bob)
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        Approval.objects.filter(change=change).update(reason="something else")


@pytest.mark.parametrize("reason", ["", "  \n"])
@pytest.mark.parametrize("decision", ["approve", "reject", "override"])
def test_a_decision_needs_a_reason(change: Change, admin: User, decision: str, reason: str) -> None:
    with pytest.raises(Invalid, match="reason"):
        decide(change, admin, decision, reason=reason)


def test_an_override_needs_the_right_to_it(change: Change, bob: User) -> None:
    with pytest.raises(Refused, match="right to override"):
        decide(change, bob, "override")


def test_an_override_is_recorded_as_one(production: Stage, release: Release, alice: User, admin: User) -> None:
    change = production.propose(release, by=alice, judged={"quorum": 2})
    decided = decide(change, admin, "override", reason="The shop is down.")
    assert (decided.status, decided.override_reason) == ("approved", "The shop is down.")
    assert change.approvals.get().decision == "override"
    assert AuditEntry.objects.filter(action="change.override", reason="The shop is down.").exists()
    assert production.apply(change).switched


def test_an_override_does_not_outlive_the_right_to_it(production: Stage, change: Change, admin: User) -> None:
    decide(change, admin, "override")
    RoleBinding.objects.filter(user=admin).update(role=Role.APPROVER)
    with pytest.raises(Refused, match="lost the right"):
        production.apply(change)


def test_only_a_person_decides(change: Change) -> None:
    with pytest.raises(Refused, match="Only a person"):
        changes.decide(Actor.system("deploy graph"), change.pk, "approve", shown_sha256=change.preview_sha256, reason="Looks good.")


def test_the_policy_of_a_local_tier_decides_by_itself_and_it_is_written_down(local: Stage, alice: User) -> None:
    change = local.propose(local.release("v1"), by=alice)
    decision = change.approvals.get()
    assert change.status == "approved"
    assert (decision.person, decision.decided_by, decision.preview_sha256) == (None, "policy", change.preview_sha256)
    assert AuditEntry.objects.filter(action="change.approve", actor_label="policy").exists()
    assert local.apply(change).switched


def test_policy_does_not_approve_in_a_person_s_place(production: Stage, change: Change) -> None:
    Approval.objects.create(change=change, decided_by="policy", decision="approve", preview_sha256=change.preview_sha256)
    Change.objects.filter(pk=change.pk).update(status="approved")
    with pytest.raises(Refused):
        production.apply(change)


def test_what_policy_refuses_is_never_put_before_anybody(production: Stage, release: Release, alice: User, admin: User) -> None:
    change = production.propose(release, by=alice, judged={"refused_because": "A migration breaks the code that is running."})
    assert (change.status, Deployment.objects.filter(change=change).exists()) == ("refused", False)
    for decision in ("approve", "override"):
        with pytest.raises(Conflict, match="refused by policy"):
            decide(change, admin, decision)


def test_the_same_key_finds_the_first_proposal(production: Stage, release: Release, alice: User) -> None:
    first = production.propose(release, by=alice, idempotency_key="run-1-gate")
    assert production.propose(release, by=alice, idempotency_key="run-1-gate").pk == first.pk


def test_changed_content_voids_the_decisions(production: Stage, release: Release, alice: User, bob: User) -> None:
    first = production.propose(release, by=alice, idempotency_key="run-1-gate")
    decide(first, bob)
    with pytest.raises(Conflict, match="changed since"):
        production.propose(production.release("v2"), by=alice, idempotency_key="run-1-gate")
    assert _status(first) == "cancelled"


def test_a_new_proposal_of_the_run_replaces_its_former_one(production: Stage, release: Release, alice: User) -> None:
    first = production.propose(release, by=alice, run_number=7)
    production.propose(production.release("v2"), by=alice, run_number=7)
    assert _status(first) == "cancelled"


def test_a_preview_of_yesterday_is_not_proposed(production: Stage, release: Release, alice: User) -> None:
    draft = actions.roll_out(release, Facts())
    preview = actions.preview(production.environment, [draft])
    Variable.objects.create(environment=production.environment, name="A", value="b")
    judgement = changes.judge(Actor.person(alice), production.environment, draft)
    with pytest.raises(Conflict, match="moved"):
        changes.propose(Actor.person(alice), production.environment, "x", [draft], preview, judgement, idempotency_key="k")


def test_each_write_of_a_change_is_in_the_audit(production: Stage, change: Change, bob: User) -> None:
    decide(change, bob)
    production.apply(change)
    written = AuditEntry.objects.filter(target_type="workloads.change").order_by("number").values_list("action", flat=True)
    assert list(written) == ["change.propose", "change.approve", "change.apply", "change.applied"]
    assert set(AuditEntry.objects.filter(target_type="workloads.change").values_list("change_sha256", flat=True)) == {
        change.preview_sha256
    }


def test_a_write_whose_audit_fails_is_not_done(change: Change, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise DatabaseError("the audit is full")

    monkeypatch.setattr("controlplane.core.audit.record", broken)
    with pytest.raises(DatabaseError):
        decide(change, bob)
    assert not change.approvals.exists()


def test_whoever_waits_is_told_of_a_withdrawal(change: Change, alice: User, mallory: User) -> None:
    with pytest.raises(NotFound):
        changes.cancel(Actor.person(mallory), change.pk, "I do not like it.")
    assert changes.cancel(Actor.person(alice), change.pk, "Not today.").status == "cancelled"
    assert _wake_ups(change) == 1


def test_a_held_environment_asks_a_person_even_on_the_local_tier(local: Stage, alice: User, admin: User) -> None:
    local.environment.held_at = "2026-01-01T00:00:00Z"
    local.environment.save()
    draft = actions.roll_out(local.release("v1"), Facts())
    assert not changes.judge(Actor.person(alice), local.environment, draft).policy_approves
    assert rights.may(Actor.person(admin), Verb.UNLOCK, local.environment.scopes)
    for at_the_helm in (Actor.person(admin), Actor.system("terminal (root)")):
        assert changes.judge(at_the_helm, local.environment, draft).policy_approves
    assert not changes.judge(Actor.system("schedule"), local.environment, draft).policy_approves


def test_deciders_are_those_who_may_and_did_not_ask(change: Change, bob: User, admin: User, mallory: User) -> None:
    assert approvals.deciders(change) == [admin, bob]
    change.proposers.add(bob)
    assert approvals.deciders(Change.objects.get(pk=change.pk)) == [admin]


def test_members_of_a_group_hold_its_roles_and_decide(change: Change, mallory: User) -> None:
    group = Group.objects.create(name="release managers")
    RoleBinding.objects.create(group=group, role=Role.APPROVER, scope=change.environment.scopes[-1])
    assert mallory not in approvals.deciders(change)
    mallory.groups.add(group)
    assert mallory in approvals.deciders(change)
    assert rights.may(Actor.person(mallory), Verb.APPROVE, change.environment.scopes)
    mallory.groups.clear()
    assert not rights.may(Actor.person(mallory), Verb.VIEW, change.environment.scopes)


def _without_trigger(change: Change, **values: object) -> None:
    """What somebody with the database in their hands could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE workloads_change DISABLE TRIGGER workloads_preview_immutable")
        Change.objects.filter(pk=change.pk).update(**values)
        cursor.execute("ALTER TABLE workloads_change ENABLE TRIGGER workloads_preview_immutable")
