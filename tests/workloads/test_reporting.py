"""Reports of pipelines: kept as findings, held against the report before."""

from __future__ import annotations

import json

import pytest

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, Refused
from controlplane.core.models import AuditEntry, User
from workloads import findings, reporting
from workloads.models import Application, Finding, Report, Sighting
from workloads.reporting import Sent

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = ("1" * 40, "2" * 40, "3" * 40)


@pytest.fixture
def shop() -> Application:
    return Application.objects.create(name="shop", repository="/nowhere")


def sent(commit: str, *rules: str, tool: str = "linter", base: str = "") -> Sent:
    """A report that found these rules broken."""
    facts = [{"rule": rule, "message": f"{rule} is broken.", "path": "a.py"} for rule in rules]
    return Sent("generic", commit, json.dumps({"tool": tool, "facts": facts}).encode(), base=base)


def counts(report: Report) -> tuple[int, int, int]:
    return report.new, report.continuing, report.fixed


def test_the_first_report_is_the_first_look_and_later_ones_are_held_against_it(shop: Application, alice: User) -> None:
    actor = Actor.person(alice)
    assert counts(reporting.receive(actor, shop, sent(FIRST, "A", "B"))) == (0, 0, 0)
    second = reporting.receive(actor, shop, sent(SECOND, "B", "C"))
    assert (counts(second), second.base_commit) == ((1, 1, 1), FIRST)
    assert Sighting.objects.get(report=second, new=True).finding.rule == "C"


def test_a_repeat_of_a_commit_says_the_same(shop: Application, alice: User) -> None:
    actor = Actor.person(alice)
    reporting.receive(actor, shop, sent(FIRST, "A"))
    again = [counts(reporting.receive(actor, shop, sent(SECOND, "A", "B"))) for _ in range(2)]
    assert again == [(1, 1, 0), (1, 1, 0)]
    assert Finding.objects.count() == 2


def test_a_base_is_chosen_by_its_commit(shop: Application, alice: User) -> None:
    actor = Actor.person(alice)
    reporting.receive(actor, shop, sent(FIRST, "A"))
    reporting.receive(actor, shop, sent(SECOND, "A", "B"))
    third = reporting.receive(actor, shop, sent(THIRD, "A", "B", base=FIRST))
    assert (third.base_commit, counts(third)) == (FIRST, (1, 1, 0))


def test_tools_and_applications_are_held_apart(shop: Application, alice: User) -> None:
    other = Application.objects.create(name="other", repository="/nowhere")
    actor = Actor.person(alice)
    reporting.receive(actor, shop, sent(FIRST, "A"))
    assert counts(reporting.receive(actor, shop, sent(SECOND, "B", tool="other"))) == (0, 0, 0)
    assert counts(reporting.receive(actor, other, sent(SECOND, "B"))) == (0, 0, 0)


def test_what_is_suppressed_is_kept_and_counts_for_nothing(shop: Application, alice: User, bob: User) -> None:
    actor = Actor.person(alice)
    reporting.receive(actor, shop, sent(FIRST, "A"))
    findings.suppress(Actor.person(bob), Finding.objects.get().pk, "Known.")
    second = reporting.receive(actor, shop, sent(SECOND, "A", "B"))
    assert (counts(second), second.suppressed, second.facts) == ((1, 0, 0), 1, 2)


def test_a_report_that_is_wrong_leaves_nothing(shop: Application, alice: User) -> None:
    with pytest.raises(Invalid):
        reporting.receive(Actor.person(alice), shop, Sent("generic", FIRST, b'{"tool": "x", "facts": [{"rule": "A"}]}'))
    assert (Report.objects.count(), Finding.objects.count()) == (0, 0)


def test_a_report_is_audited_and_needs_the_right_to_run(shop: Application, alice: User, mallory: User) -> None:
    with pytest.raises(Refused):
        reporting.receive(Actor.person(mallory), shop, sent(FIRST, "A"))
    reporting.receive(Actor.person(alice), shop, sent(FIRST, "A"))
    assert AuditEntry.objects.get(action="report.receive").after == {"format": "generic", "commit": FIRST, "facts": 1}


def test_secrets_in_a_report_are_not_stored(shop: Application, alice: User) -> None:
    content = b'{"tool": "x", "facts": [{"rule": "A", "message": "postgres://shop:hunter22@db/shop"}]}'
    reporting.receive(Actor.person(alice), shop, Sent("generic", FIRST, content))
    assert "hunter22" not in Finding.objects.get().message
