"""The audit's page: every filter, the entry opened, the proof with an honest state, files that are safe to open."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from controlplane.core import audit, verification
from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry
from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
HX = {"HX-Request": "true"}


@pytest.fixture
def entry(scene: Scene) -> AuditEntry:
    """Bob changes the policy of production, with a reason."""
    actor = Actor.person(scene.people["bob"], "request-77")
    production = scene.environments["storefront/production"]
    before = {"quorum": 1, "tier": "production", "policy": {"role": "approver"}}
    after = {"quorum": 2, "tier": "production", "policy": {"role": "administrator"}}
    with transaction.atomic():
        return audit.record(actor, "environment.change", production, before=before, after=after, reason="two pairs of eyes")


def shown(as_: SignIn, **asked: str) -> str:
    answer = as_("bob").get("/audit/", asked)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"actor": "bob"},
        {"action": "environment.change"},
        {"action": "environment."},
        {"object": "storefront/prod"},
        {"request": "request-77"},
        {"q": "PAIRS storef"},
        {"q": "quorum eyes"},
        {"q": "production", "actor": "bob", "action": "environment"},
        {"since": f"{timezone.now() - timedelta(days=1):%Y-%m-%d}"},
        {"until": f"{timezone.now() + timedelta(days=1):%Y-%m-%d}"},
    ],
)
def test_an_entry_is_found_by_each_filter_and_by_several(asked: dict[str, str], entry: AuditEntry, as_: SignIn) -> None:
    assert f'id="entry-{entry.number}"' in shown(as_, **asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"actor": "alice"},
        {"action": "change"},
        {"object": "workloads.environment/0"},
        {"request": "request-7"},
        {"q": "elephants"},
        {"q": "' | :* & !"},
        {"since": "2999-01-01"},
        {"until": "2001-01-01T10:00"},
    ],
)
def test_an_entry_that_does_not_fit_is_not_shown(asked: dict[str, str], entry: AuditEntry, as_: SignIn) -> None:
    if asked.get("q", "").startswith("'"):  # no word at all: nothing is filtered, nothing breaks
        assert f'id="entry-{entry.number}"' in shown(as_, **asked)
    else:
        assert f'id="entry-{entry.number}"' not in shown(as_, **asked)


def test_an_object_is_found_by_type_and_id(entry: AuditEntry, as_: SignIn) -> None:
    assert f'id="entry-{entry.number}"' in shown(as_, object=f"{entry.target_type}/{entry.target_id}")


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-40", "2026-02-30T99:00"])
def test_a_time_that_is_none_is_said(moment: str, as_: SignIn) -> None:
    answer = as_("bob").get("/audit/", {"since": moment})
    assert answer.status_code == 400
    assert "2026-03-31" in answer.content.decode()


def test_an_entry_opens_to_before_and_after_side_by_side(entry: AuditEntry, as_: SignIn) -> None:
    page = as_("bob").get(f"/audit/{entry.number}/").content.decode()
    for text in ("quorum: <del>1</del>", "quorum: <ins>2</ins>", "two pairs of eyes", entry.hash, "request-77"):
        assert text in page
    fragment = as_("bob").get(f"/audit/{entry.number}/", headers=HX).content.decode()
    assert "<del>1</del>" in fragment
    assert "<html" not in fragment


def test_pages_follow_each_other_without_a_gap_and_keep_the_filter(entry: AuditEntry, as_: SignIn) -> None:
    with transaction.atomic():
        for number in range(120):
            audit.record(Actor.system("many"), f"many.{number}", entry)
    seen: list[str] = []
    address = "?actor=many"
    while address:
        page = as_("bob").get(f"/audit/{address}").context
        seen += [row.action for row in page["page"].rows]
        address = page["page"].next_url
    assert seen == [f"many.{number}" for number in reversed(range(120))]


def test_a_proof_is_asked_for_and_said_as_it_stands(entry: AuditEntry, as_: SignIn) -> None:
    client = as_("bob")
    assert "not been proved yet" in client.get("/audit/proof/").content.decode()
    waiting = client.post("/audit/verify/", headers=HX).content.decode()
    assert "queued" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    asked = verification.latest()
    assert asked is not None
    verification.run(asked.pk)
    done = client.get("/audit/proof/").content.decode()
    assert f"All {asked.entries or AuditEntry.objects.count()} entries proved" in done
    assert "every 2s" not in done


def test_a_break_is_said_with_its_place(entry: AuditEntry, as_: SignIn) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_auditentry SET reason = 'x' WHERE number = 3")
    verification.run(verification.ask(Actor.person(entry_author(as_))).pk)
    assert "broken at entry 3" in as_("bob").get("/audit/").content.decode()


def entry_author(as_: SignIn) -> Any:
    return as_("bob").get("/audit/").wsgi_request.user


def exported(as_: SignIn, form: str, **asked: str) -> str:
    answer = as_("bob").get(f"/audit/export.{form}", asked)
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    return b"".join(answer).decode()


def test_the_export_holds_the_whole_filtered_list(entry: AuditEntry, as_: SignIn) -> None:
    with transaction.atomic():
        for number in range(1_500):
            audit.record(Actor.system("many"), f"many.{number}", entry)
    lines = [json.loads(line) for line in exported(as_, "jsonl", actor="many").splitlines()]
    assert [line["action"] for line in lines] == [f"many.{number}" for number in reversed(range(1_500))]
    assert len(list(csv.reader(io.StringIO(exported(as_, "csv", actor="many"))))) == 1_501
    assert as_("bob").get("/audit/export.xlsx").status_code == 404


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(formula: str, scene: Scene, as_: SignIn) -> None:
    with transaction.atomic():
        audit.record(Actor.person(scene.people["bob"]), "test.formula", scene.change, reason=formula)
    (row,) = csv.DictReader(io.StringIO(exported(as_, "csv", action="test.formula"), newline=""))
    assert row["reason"] == f"'{formula}"


def test_the_page_asks_as_often_for_one_entry_as_for_fifty(entry: AuditEntry, as_: SignIn) -> None:
    client = as_("bob")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/audit/")
        return len(asked)

    before = queries()
    with transaction.atomic():
        for number in range(40):
            audit.record(Actor.system("many"), f"many.{number}", entry)
    assert queries() == before
