"""Repairs without a person: what policy lets through, how often, never twice for one cause, and the stop button."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Refused
from controlplane.core.models import AuditEntry, User
from tests.workloads.stage import SYSTEM, Stage, stage
from workloads import holds, remedy_rules, stops, unattended
from workloads.models import Change, Environment, RemedyPolicy, RemedyUse
from workloads.remedy_rules import Policy, Use, Wanted
from workloads.repairs import Ref, Repair

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WANTED = Wanted("scale", "Scale", True, "low", "Deployment shop/web", "scaled_to_zero app/web")
POLICY = Policy("staging", ["scale"], 2)


def used(minutes: float, cause: str = "x", about: str = "y") -> Use:
    return Use(NOW - timedelta(minutes=minutes), about, cause)


def test_what_the_policy_names_is_allowed_and_counted() -> None:
    judged = remedy_rules.judge(POLICY, WANTED, [used(5)], NOW)
    assert (judged.allowed, judged.because) == (
        True,
        "The policy of this environment allows “Scale” without a person: 2 of 2 within an hour.",
    )


@pytest.mark.parametrize(
    ("policy", "wanted", "uses", "because"),
    [
        (POLICY, replace(WANTED, reversible=False), [], "cannot be taken back"),
        (POLICY, replace(WANTED, risk="high"), [], "high risk"),
        (POLICY, replace(WANTED, kind="restart"), [], "does not name"),
        (replace(POLICY, tier="production"), WANTED, [], "not for production"),
        (replace(POLICY, still="Automation is held here."), WANTED, [], "held"),
        (POLICY, WANTED, [used(59, cause=WANTED.cause)], "did not last"),
        (POLICY, WANTED, [used(59, about=WANTED.object)], "did not last"),
        (POLICY, WANTED, [used(1), used(59)], "as many as the policy allows"),
    ],
)
def test_a_person_decides_where_the_policy_does_not(policy: Policy, wanted: Wanted, uses: list[Use], because: str) -> None:
    judged = remedy_rules.judge(policy, wanted, uses, NOW)
    assert not judged.allowed
    assert because in judged.because


def test_what_was_long_ago_counts_no_more_and_production_can_be_named() -> None:
    assert remedy_rules.judge(POLICY, WANTED, [used(61, WANTED.cause), used(61), used(61)], NOW).allowed
    assert remedy_rules.judge(replace(POLICY, tier="production", in_production=True), WANTED, [], NOW).allowed


def repair(name: str = "web", **more: object) -> Repair:
    return Repair("scale", Ref("Deployment", name, "shop"), {"replicas": 2}, f"Let {name} have 2 pods", "none", f"app/{name}")


@pytest.fixture
def staging(db: None) -> Stage:
    place = stage("staging", "staging")
    RemedyPolicy.objects.create(environment=place.environment, kinds=["scale"], most_an_hour=2)
    return place


@pytest.mark.django_db
def test_allowed_twice_an_hour_for_two_causes_and_written_down(staging: Stage) -> None:
    there = staging.environment
    assert "1 of 2" in unattended.allows(there, repair())
    assert unattended.allows(there, repair()) == "", "it did not last"
    assert "2 of 2" in unattended.allows(there, repair("api"))
    assert unattended.allows(there, repair("worker")) == ""
    assert "as many as the policy allows" in unattended.why_not(there, repair("worker"))
    assert RemedyUse.objects.values_list("object", "cause").earliest("pk") == ("Deployment shop/web", "none app/web")
    assert AuditEntry.objects.filter(action="remedies.allow", actor_label="policy").count() == 2


@pytest.mark.django_db
def test_asked_again_for_the_same_change_it_is_the_same_yes(staging: Stage) -> None:
    first = unattended.allows(staging.environment, repair(), key="run-7")
    assert first == unattended.allows(staging.environment, repair(), key="run-7") != ""
    assert RemedyUse.objects.count() == 1


@pytest.mark.django_db
def test_without_a_policy_and_for_kinds_that_are_none_a_person_decides(staging: Stage) -> None:
    other = stage("staging", "other", "bank").environment
    assert unattended.allows(other, repair()) == ""
    assert unattended.allows(staging.environment, replace(repair(), kind="format_disk")) == ""
    RemedyPolicy.objects.update(kinds=["restart"])
    assert unattended.allows(staging.environment, replace(repair(), kind="restart", parameters={})) == ""


@pytest.mark.django_db
def test_what_keeps_an_environment_still_keeps_repairs_too(staging: Stage, admin: User) -> None:
    there = staging.environment
    holds.hold(SYSTEM, there, "Rolled back by itself.")
    assert unattended.allows(there, repair()) == ""
    holds.release(Actor.person(admin), there, "Mended.")
    stops.stop(Actor.person(admin), there, reason="Being moved.")
    assert unattended.allows(there, repair()) == ""
    assert unattended.why_not(there, repair()) == "Everything is stopped here."
    stops.lift(Actor.person(admin), there, reason="Moved.")
    assert unattended.allows(there, repair()) != ""


@pytest.mark.django_db
def test_the_stop_button_takes_back_what_has_not_begun(staging: Stage, alice: User, bob: User, mallory: User) -> None:
    there = staging.environment
    assert unattended.allows(there, repair(), key="let-through")
    change = staging.propose(
        staging.release("v1"), judged={"policy_approves": True, "refused_because": ""}, idempotency_key="let-through"
    )
    assert change.status == Change.Status.APPROVED
    with pytest.raises(Refused):
        unattended.stop(Actor.person(mallory), there)
    unattended.stop(Actor.person(alice), there)
    change.refresh_from_db()
    assert change.status == Change.Status.CANCELLED
    assert unattended.allows(there, repair("api")) == unattended.allows(there, repair(), key="let-through") == ""
    assert (AuditEntry.objects.get(action="remedies.stop").after or {})["withdrawn"] == [change.pk]
    with pytest.raises(Conflict):
        unattended.stop(Actor.person(alice), there)
    with pytest.raises(Refused):
        unattended.resume(Actor.person(bob), there, reason="Let it.")


@pytest.mark.django_db
def test_who_may_unlock_lets_policy_repair_again(staging: Stage, alice: User, admin: User) -> None:
    unattended.stop(Actor.person(alice), staging.environment, reason="It made it worse.")
    unattended.resume(Actor.person(admin), staging.environment, reason="The cause is known.")
    assert unattended.allows(staging.environment, repair()) != ""
    assert AuditEntry.objects.get(action="remedies.resume").before == {"stopped_by": "alice", "reason": "It made it worse."}


@pytest.mark.django_db(transaction=True)
def test_two_that_ask_at_once_are_not_both_the_last(staging: Stage) -> None:
    RemedyPolicy.objects.update(most_an_hour=3)

    def ask(number: int) -> str:
        try:
            return unattended.allows(Environment.objects.get(), repair(f"app-{number}"))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        said = [one for one in pool.map(ask, range(16)) if one]
    assert sorted(one.rpartition(": ")[2] for one in said) == [f"{n} of 3 within an hour." for n in (1, 2, 3)]


@pytest.mark.django_db
def test_one_click_stops_on_the_page_and_the_panel_says_so(staging: Stage, alice: User, admin: User) -> None:
    there = staging.environment
    Environment.objects.filter(pk=there.pk).update(driver="kubernetes")
    client = Client()
    client.force_login(alice)
    page = client.get(reverse("environment", args=[there.pk])).content.decode()
    assert reverse("remedies-stop", args=[there.pk]) in page
    answer = client.post(reverse("remedies-stop", args=[there.pk]), headers={"HX-Request": "true"})
    assert "a person decides over every repair here" in answer.content.decode()
    assert reverse("remedies-resume", args=[there.pk]) not in answer.content.decode()
    client.force_login(admin)
    assert client.post(reverse("remedies-resume", args=[there.pk]), {"reason": "Known."}).status_code == 303
    assert unattended.policy_of(there) is not None


@pytest.mark.django_db
def test_a_policy_is_made_in_the_admin_and_production_takes_a_word(admin: User, staging: Stage) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.org", "correct horse battery staple"))
    production = stage("production", "production", "bank").environment
    form = {"environment": production.pk, "kinds": ["scale"], "most_an_hour": 1}
    answer = client.post(reverse("admin:workloads_remedypolicy_add"), form)
    assert "This environment is production" in answer.content.decode()
    assert client.post(reverse("admin:workloads_remedypolicy_add"), form | {"in_production": "on"}).status_code == 302
    assert client.post(reverse("admin:workloads_remedypolicy_add"), form | {"kinds": ["restart"]}).status_code == 200
    row = RemedyPolicy.objects.get(environment=production)
    assert (row.kinds, row.in_production) == (["scale"], True)
    assert AuditEntry.objects.filter(action="remedypolicy.create").exists()
    assert unattended.allows(production, repair()) != ""
    assert unattended.used_lately(production, timezone.now())[0].said.startswith("The policy")
