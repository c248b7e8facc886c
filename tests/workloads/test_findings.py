"""Findings keep their identity when lines move, and know what is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, Refused
from controlplane.core.models import AuditEntry, User
from workloads import findings
from workloads.evidence import Fact
from workloads.models import Application, Finding, Release, Sighting

pytestmark = pytest.mark.django_db

EVAL = Fact("bandit", "B307", "medium", "Use of eval.", "shop/views.py", 10, "eval(request.body)")
NAME = Fact("ruff", "F821", "high", "Undefined name `x`", "shop/views.py", 20, "return x")
CVE = Fact("pip-audit", "CVE-2024-1", "high", "django 4.0 has the known vulnerability CVE-2024-1.", "django")


@pytest.fixture
def shop() -> Application:
    return Application.objects.create(name="shop", repository="/nowhere")


def test_a_finding_keeps_its_fingerprint_when_lines_move() -> None:
    moved = replace(EVAL, line=99, source_line="  eval(request.body)  ")
    assert findings.fingerprints([EVAL]) == findings.fingerprints([moved])


def test_another_line_rule_or_file_is_another_finding() -> None:
    others = [replace(EVAL, source_line="eval(x)"), replace(EVAL, rule="B102"), replace(EVAL, path="b.py"), replace(EVAL, tool="x")]
    assert len(set(findings.fingerprints([EVAL, *others]))) == 5


def test_equal_lines_of_a_file_are_told_apart_in_whatever_order_they_come() -> None:
    second = replace(EVAL, line=50)
    one, two = findings.fingerprints([EVAL, second])
    assert one != two
    assert findings.fingerprints([second, EVAL]) == [two, one]


def test_nothing_is_new_at_the_first_look(shop: Application) -> None:
    assert not any(one.new for one in findings.record(shop, 1, "c1", [EVAL, CVE], None))


def test_what_the_live_commit_did_not_have_is_new(shop: Application) -> None:
    findings.record(shop, 1, "c1", [EVAL], None)
    seen = findings.record(shop, 2, "c2", [replace(EVAL, line=11), NAME], "c1")
    assert [(one.fact.rule, one.new) for one in seen] == [("B307", False), ("F821", True)]
    assert Sighting.objects.filter(run_number=2, new=True).get().finding.rule == "F821"


def test_what_was_mended_and_came_back_is_new_again(shop: Application) -> None:
    findings.record(shop, 1, "c1", [EVAL], None)
    findings.record(shop, 2, "c2", [], "c1")
    assert findings.record(shop, 3, "c3", [EVAL], "c2")[0].new


def test_the_first_sight_is_kept_and_the_last_one_moves(shop: Application) -> None:
    findings.record(shop, 1, "c1", [EVAL], None)
    first = Finding.objects.get()
    findings.record(shop, 2, "c2", [replace(EVAL, line=77)], "c1")
    again = Finding.objects.get()
    assert again.first_seen_at == first.first_seen_at
    assert again.last_seen_at > first.last_seen_at
    assert again.line == 77


def test_recording_a_run_twice_changes_nothing(shop: Application) -> None:
    for _ in range(2):
        findings.record(shop, 1, "c1", [EVAL, NAME], None)
    assert (Finding.objects.count(), Sighting.objects.count()) == (2, 2)


def test_applications_do_not_share_findings(shop: Application) -> None:
    other = Application.objects.create(name="other", repository="/nowhere")
    findings.record(shop, 1, "c1", [EVAL], None)
    findings.record(other, 2, "c1", [EVAL], None)
    assert Finding.objects.count() == 2


def test_secrets_in_messages_are_not_stored(shop: Application) -> None:
    findings.record(shop, 1, "c1", [replace(CVE, message="connects to postgres://shop:hunter2@db/shop")], None)
    assert "hunter2" not in Finding.objects.get().message


def test_a_message_with_a_secret_keeps_its_fingerprint(shop: Application) -> None:
    leaky = replace(CVE, message="password=hunter2hunter2")
    stored = findings.record(shop, 1, "c1", [leaky], None)[0]
    assert findings.compare(shop, [leaky], "c1")[0].fingerprint == stored.fingerprint


def test_a_suppressed_finding_does_not_count_until_its_time_is_over(shop: Application, bob: User) -> None:
    found = findings.record(shop, 1, "c1", [EVAL], None)[0]
    assert found.finding_id
    findings.suppress(Actor.person(bob), found.finding_id, "only our own formulas", until=timezone.now() + timedelta(days=1))
    assert not findings.counting(findings.compare(shop, [EVAL], "c1"))
    assert not Finding.objects.filter(findings.active(timezone.now())).exists()
    Finding.objects.update(suppressed_until=timezone.now() - timedelta(seconds=1))
    assert findings.counting(findings.compare(shop, [EVAL], "c1"))
    assert Finding.objects.filter(findings.active(timezone.now())).exists()


def test_a_suppression_is_audited_with_its_reason(shop: Application, bob: User) -> None:
    found = findings.record(shop, 1, "c1", [EVAL], None)[0]
    assert found.finding_id
    findings.suppress(Actor.person(bob), found.finding_id, "only our own formulas")
    assert AuditEntry.objects.get(action="finding.suppress").reason == "only our own formulas"


def test_a_suppression_needs_a_reason_and_a_right(shop: Application, bob: User, mallory: User) -> None:
    found = findings.record(shop, 1, "c1", [EVAL], None)[0]
    assert found.finding_id
    with pytest.raises(Invalid):
        findings.suppress(Actor.person(bob), found.finding_id, "  ")
    with pytest.raises(Refused):
        findings.suppress(Actor.person(mallory), found.finding_id, "I like it")
    assert not Finding.objects.get().suppressed_reason


NOW = timezone.now()
LOOKED = findings.Look(("bandit", "ruff"), NOW)


def state(rule: str) -> str:
    return findings.state_of(Finding.objects.get(rule=rule), timezone.now())


def test_what_a_tool_that_looked_sees_no_more_is_fixed_and_what_another_tool_saw_is_not(shop: Application) -> None:
    findings.record(shop, 1, "c1", [EVAL, CVE], None, findings.Look(("bandit", "pip-audit"), NOW))
    findings.record(shop, 2, "c2", [], "c1", LOOKED)  # pip-audit gave no answer
    assert (state("B307"), state("CVE-2024-1")) == ("fixed", "continuing")


def test_what_comes_back_is_new_and_fixed_no_more(shop: Application) -> None:
    findings.record(shop, 1, "c1", [EVAL], None, LOOKED)
    assert state("B307") == "continuing"  # the first look
    findings.record(shop, 2, "c2", [], "c1", LOOKED)
    findings.record(shop, 3, "c3", [EVAL], "c2", LOOKED)
    assert state("B307") == "new"
    findings.record(shop, 4, "c4", [EVAL], "c3", LOOKED)
    assert state("B307") == "continuing"


def test_a_look_at_an_older_commit_fixes_nothing_and_brings_nothing_back(shop: Application) -> None:
    digests = {"artefact_digest": "a", "configuration_digest": "b", "configuration": {}}
    Release.objects.create(application=shop, ref="v2", commit="c2", authored_at=NOW, **digests)
    findings.record(shop, 1, "c1", [EVAL], None, LOOKED)
    findings.record(shop, 2, "c2", [NAME], "c1", findings.Look(("bandit", "ruff"), NOW))
    findings.record(shop, 3, "c1", [EVAL], "c2", findings.Look(("bandit", "ruff"), NOW - timedelta(days=1)))
    assert (state("B307"), state("F821")) == ("fixed", "new")


def test_a_look_at_a_commit_of_unknown_time_closes_nothing_but_what_it_sees_stands(shop: Application) -> None:
    findings.record(shop, 1, "c1", [EVAL, NAME], None, LOOKED)
    findings.record(shop, 2, "c2", [NAME], "c1", LOOKED)
    findings.record(shop, 3, "branch", [EVAL], "c2", findings.Look(("bandit", "ruff")))
    assert (state("B307"), state("F821")) == ("new", "continuing")


def test_every_finding_is_in_one_state_and_the_filters_say_the_same(shop: Application, bob: User) -> None:
    seen = findings.record(shop, 1, "c1", [EVAL, CVE], None, LOOKED)
    assert seen[1].finding_id
    findings.suppress(Actor.person(bob), seen[1].finding_id, "not reached")
    findings.record(shop, 2, "c2", [NAME, replace(NAME, rule="F822")], "c1", LOOKED)
    now = timezone.now()
    for one in (findings.State.NEW, findings.State.CONTINUING, findings.State.FIXED, findings.State.SUPPRESSED):
        listed = set(Finding.objects.filter(findings.in_state(one, now)))
        assert listed == {row for row in Finding.objects.all() if findings.state_of(row, now) == one}
    assert findings.by_severity(Finding.objects.all()) == {"critical": 0, "high": 3, "medium": 1, "low": 0, "info": 0}


def test_the_worst_comes_first_and_of_equals_the_newest(shop: Application) -> None:
    findings.record(shop, 1, "c1", [EVAL, NAME, CVE, replace(EVAL, rule="B1", severity="critical")], None)
    assert [row.severity for row in Finding.objects.order_by("-rank")] == ["critical", "high", "high", "medium"]
    high = [row.pk for row in Finding.objects.filter(severity="high").order_by("-rank")]
    assert high == sorted(high, reverse=True)
