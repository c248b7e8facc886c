"""The investigator begins with the engine's result, looks further within bounds, and keeps what rests on evidence."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from agents import inquiries
from agents.models import AgentProfile, Inquiry, ModelCall
from agents.readings import writing
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, Refused
from controlplane.core.models import AuditEntry
from knowledge import ingest
from knowledge.ingest import File
from knowledge.models import Source
from tests.agents.investigating.scripted import Place, calls, person, replies
from tests.agents.model_server import Asked, Mood, texts
from tests.agents.thinking_stage import rows, written
from tests.fake_cluster import FakeCluster
from workloads import incidents
from workloads.models import Cluster, Environment, Variable

Looks = tuple[tuple[str, dict[str, Any]], ...]
WORKER = "shop-worker-7d9c-p2x9d"
OF_AN_INQUIRY = {
    "agents.reading",
    "agents.reading_calls",
    "agents.inquiry",
    "agents.modelcall",
    "core.auditentry",
    "core.outboxmessage",
}


def test_it_begins_with_the_engine_and_what_it_names_exists(place: Place) -> None:
    place.connect()
    place.goes(replies(claims=lambda ids: [{"text": "It was killed.", "evidence": ids[:1]}]))
    found = place.ask()
    assert (found.reading.status, found.reading.why_not) == ("written", "")
    assert found.diagnosis is not None
    assert found.diagnosis.hypotheses[0]["summary"] in texts(place.server.asked[:1])[-1]
    known = {one["id"] for one in found.evidence}
    assert {fact["id"] for fact in found.reading.facts} <= known
    assert (found.stance, found.dropped, len(found.claims)) == ("agrees", 0, 1)
    assert AuditEntry.objects.filter(action="inquiry.ask").count() == 1


def test_the_same_evidence_has_the_same_id_however_often_one_asks(place: Place) -> None:
    place.connect()
    place.goes(calls(("get_logs", {"pod": WORKER, "previous": True})), replies())
    first = place.ask()
    place.goes(calls(("get_events", {})), calls(("get_logs", {"pod": WORKER, "previous": True})), replies())
    second = place.ask()
    assert first.diagnosis_id == second.diagnosis_id  # a fresh one is not made again
    assert [fact["id"] for fact in first.reading.facts] == [fact["id"] for fact in second.reading.facts]
    assert first.reading.facts[0]["id"].startswith("log-")


def test_it_looks_at_logs_objects_events_changes_and_reads_no_secret(place: Place) -> None:
    Variable.objects.create(environment=place.environment, name="API", value="loading-2-million", secret=True)
    place.connect()
    looks = (
        ("get_objects", {"kind": "Deployment"}),
        ("get_objects", {"kind": "Pod", "name": WORKER}),
        ("get_events", {"about": "worker"}),
    )
    more: Looks = ("get_logs", {"pod": WORKER, "previous": True}), ("get_changes", {}), ("list_findings", {}), ("get_diagnosis", {})
    last: Looks = ("get_alerts", {}), ("get_checks", {}), ("list_incidents", {}), ("query_metrics", {"metric": "up"})
    place.goes(calls(*looks), calls(*more), calls(*last), replies())
    found = place.ask()
    said = {one["name"]: one for call in found.reading.calls.all() for one in call.tools}
    assert {"get_objects", "get_events", "get_logs", "get_changes", "get_diagnosis"} <= {
        n for n, one in said.items() if one["status"] == "ok"
    }
    assert {one["status"] for one in said.values()} <= {"ok", "no_data"}
    assert "BackOff" in said["get_events"]["result"] and "million orders" in said["get_logs"]["result"]
    assert "hunter2-secret" not in place.server.received + json.dumps(found.evidence)


def test_what_the_snapshot_lacks_is_read_now_and_only_there(place: Place, harbour: FakeCluster) -> None:
    place.connect()
    before = len([one for one in harbour.requests if one.method != "GET"])
    late = ("get_objects", {"kind": "Pod", "name": WORKER, "now": True}), ("get_logs", {"pod": "shop-web-green", "now": True})
    foreign = ("get_objects", {"kind": "ClusterRole", "now": True}), ("get_objects", {"kind": "Secret", "namespace": "kube-system"})
    place.goes(calls(*late, *foreign), replies())
    found = place.ask()
    assert [one["status"] for call in found.reading.calls.all() for one in call.tools] == ["ok", "ok", "error", "error"]
    reads = [one for one in harbour.requests if one.method == "GET" and "/log" in one.path]
    assert all(f"/namespaces/{place.environment.target.namespace}/" in one.path for one in reads)
    posts = [one for one in harbour.requests if one.method != "GET" and "selfsubjectaccessreviews" not in one.path]
    assert len(posts) <= before


def test_claims_that_rest_on_nothing_are_dropped_counted_and_told(place: Place) -> None:
    place.connect()
    good = {"text": "It was killed for its memory.", "evidence": ["event-ffffff"]}
    claims = lambda ids: [{**good, "evidence": [*good["evidence"], ids[0]]}, good, {"text": "I feel so.", "evidence": []}]  # noqa: E731
    place.goes(replies(claims=claims))
    found = place.ask()
    assert (len(found.claims), found.dropped) == (1, 2)
    assert "event-ffffff" in found.reading.not_kept
    assert "event-ffffff" not in json.dumps(found.claims)


def test_an_answer_of_inventions_is_none(place: Place) -> None:
    place.connect()
    place.goes(replies(evidence=["log-123456"], claims=[{"text": "So it is.", "evidence": ["see above"]}]))
    found = place.ask()
    assert (found.reading.status, found.reading.text, found.claims, found.dropped) == ("not_added", "", [], 2)
    assert "no evidence" in found.reading.why_not
    assert found.diagnosis is not None and found.evidence  # what the engine found stands


def test_disagreement_stands_beside_the_engine_and_changes_nothing_of_it(place: Place) -> None:
    place.connect()
    place.goes(replies(engine="disagrees", differs=lambda ids: {"text": "It is the query, not the limit.", "evidence": ids[:1]}))
    found = place.ask()
    assert found.diagnosis is not None
    verdict, hypotheses = found.diagnosis.verdict, found.diagnosis.hypotheses
    assert (found.stance, found.differs["text"]) == ("disagrees", "It is the query, not the limit.")
    found.diagnosis.refresh_from_db()
    assert (found.diagnosis.verdict, found.diagnosis.hypotheses) == (verdict, hypotheses)


def test_one_that_repeats_itself_has_to_answer(place: Place) -> None:
    place.connect()
    again = calls(("get_events", {"about": "worker"}))
    place.server.answering = lambda asked: again(asked) if "tools" in asked.body else replies()(asked)
    found = place.ask()
    assert found.reading.status == "written"
    said = [one["status"] for call in found.reading.calls.order_by("pk") for one in call.tools]
    assert said == ["ok", "error", "error", "error"]


def test_tools_that_it_does_not_hold_do_nothing(place: Place) -> None:
    place.connect()
    orders = (
        ("approve_change", {"change": 1}),
        ("propose_rollback", {"why": "It is broken here.", "facts": ["e"]}),
        ("shell", {"command": "id"}),
    )
    place.goes(calls(*orders, ("get_source", {"path": "manage.py"}), ("kubectl_delete", {})), replies())
    place.open("warm up")  # rows of counters and such
    before = rows()
    found = place.ask()
    assert {one["status"] for call in found.reading.calls.all() for one in call.tools} == {"error"}
    assert written(before) <= OF_AN_INQUIRY | {"workloads.diagnosis", "workloads.snapshot"}


@pytest.mark.parametrize(
    ("mood", "why"),
    [
        (Mood(text="I would rather not."), "not of the shape"),
        (Mood(text='{"answer": "x", "evidence": "all of it"}'), "not of the shape"),
        (Mood("stall"), "said nothing|in time"),
        (Mood("drop"), "could not be reached"),
        (Mood("status", status=503), "503"),
        (Mood("nonsense"), ""),
    ],
)
def test_a_model_in_a_bad_mood_costs_its_words_and_nothing_else(place: Place, mood: Mood, why: str) -> None:
    place.connect(timeout_seconds=3, stall_seconds=1)
    place.server.script(mood)
    found = place.ask()
    assert found.reading.status == "not_added"
    assert any(part in found.reading.why_not for part in why.split("|"))
    assert found.diagnosis is not None and found.evidence


def test_bounds_of_the_profile_hold(place: Place) -> None:
    place.connect()
    AgentProfile.objects.update_or_create(name="investigator", defaults={"most_rounds": 2, "most_tool_calls": 3})
    many = [(("get_events", {"text": f"{number}"}), ("get_logs", {"pod": f"p{number}"})) for number in range(9)]
    place.server.answering = lambda asked: (
        calls(*many[len(asked.body["messages"]) % 9])(asked) if "tools" in asked.body else replies()(asked)
    )
    found = place.ask()
    assert found.reading.status == "written"
    said = [one for call in found.reading.calls.all() for one in call.tools]
    assert sum("No more tools" in one["result"] for one in said) == 1 and len(said) == 4
    AgentProfile.objects.filter(name="investigator").update(tools=["get_events"])
    place.goes(calls(("get_logs", {"pod": WORKER})), replies())
    assert {one["status"] for call in place.ask().reading.calls.all() for one in call.tools} == {"error"}


def test_without_a_model_the_engine_and_the_documents_answer(place: Place) -> None:
    source = Source.objects.create(name="runbooks", kind=Source.Kind.UPLOAD, scope="*")
    ingest.refresh(
        source, [File("oom.md", "# OOMKilled, exit code 137\n\nThe container was killed for its memory. Raise its limit.\n")]
    )
    found = place.ask("Why is the container OOMKilled with exit code 137?")
    assert (found.reading.status, ModelCall.objects.count()) == ("not_added", 0)
    assert "No model is connected." in found.reading.why_not
    assert found.diagnosis is not None and found.diagnosis.verdict == "fault"
    assert any(one["source"] == "knowledge" and "Raise its limit" in one["text"] for one in found.evidence)


def test_a_cluster_that_is_away_is_told_and_the_rest_is_answered(place: Place) -> None:
    known = Cluster.objects.get().read_credentials or ""
    Cluster.objects.update(read_credentials=known.replace("127.0.0.1", "127.0.0.2"))
    found = place.ask()
    assert found.diagnosis is None
    assert found.trouble
    assert any(one["source"] == "deployment" for one in found.evidence)


def test_a_question_is_asked_once_bounded_and_by_whom_may(place: Place) -> None:
    olga, victor = person("olga", "operator", place.environment), person("victor", "viewer", place.environment)
    first = inquiries.ask(olga, place.environment, "What is wrong?", key="k")
    assert inquiries.ask(olga, place.environment, "What is wrong?", key="k") == first
    with pytest.raises(Refused):
        inquiries.ask(victor, place.environment, "What is wrong?", key="v")
    with pytest.raises(Invalid):
        inquiries.ask(olga, place.environment, " ", key="empty")
    for number in range(inquiries.MOST_OPEN - 1):
        place.open(f"And number {number}?")
    with pytest.raises(Conflict):
        inquiries.ask(olga, place.environment, "One more?", key="more")
    assert list(inquiries.visible(victor)) == list(Inquiry.objects.all())
    with pytest.raises(Refused):
        inquiries.cancel(victor, first)


def test_a_cancelled_question_stops_within_moments(place: Place) -> None:
    place.connect(timeout_seconds=60, stall_seconds=50)
    olga = person("olga", "operator", place.environment)
    asked = place.open()

    def cancelling(_: Asked) -> Mood:
        inquiries.cancel(olga, place.again(asked))
        return Mood("stall", seconds=60)

    place.server.answering = cancelling
    began = time.monotonic()
    writing.write(asked.reading_id)
    found = place.again(asked)
    assert time.monotonic() - began < 20
    assert (found.reading.status, found.cancelled_by, found.reading.text) == ("cancelled", "olga", "")
    with pytest.raises(Conflict):
        inquiries.cancel(olga, found)


def test_where_processes_run_it_reads_their_logs_and_there_is_no_engine(place: Place) -> None:
    place.connect()
    local = Environment.objects.create(application=place.environment.application, name="local")
    place.environment = local
    place.goes(
        calls(("get_logs", {}), ("get_samples", {}), ("get_changes", {}), ("get_objects", {"kind": "Pod"})), replies(evidence=[])
    )
    found = place.ask("What is slow?")
    said = {one["name"]: one["status"] for call in found.reading.calls.all() for one in call.tools}
    assert said == {"get_logs": "no_data", "get_samples": "no_data", "get_changes": "no_data", "get_objects": "error"}
    assert (found.diagnosis, found.stance, found.reading.status) == (None, "", "not_added")


def test_an_incident_is_investigated_once_where_that_is_wanted(place: Place) -> None:
    incident = incidents.open_for_alert(Actor.system("test"), place.environment, "Slow@x", "It is slow", {})
    assert inquiries.ask_for(incident) is None
    place.connect()
    assert inquiries.ask_for(incident) is None
    AgentProfile.objects.update_or_create(name="investigator", defaults={"thinking": True})
    found = inquiries.ask_for(incident)
    assert found is not None and inquiries.ask_for(incident) == found
    assert (found.incident, found.asked_by, found.question) == (incident, "incidents", inquiries.WHAT_HAPPENED)
    AgentProfile.objects.filter(name="investigator").update(enabled=False)
    writing.write(found.reading_id)
    assert "switched off" in place.again(found).reading.why_not
    assert ModelCall.objects.count() == 0
