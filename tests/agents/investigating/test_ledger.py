"""Pure: ids of evidence, and what is kept of an answer."""

from __future__ import annotations

from agents.investigating.ledger import MOST, Ledger
from agents.investigating.measuring import Query, promql
from agents.investigating.shapes import Claim, Reply
from agents.investigating.sifting import sift

REPLY = Reply(answer="So.", evidence=["log-1"], claims=[], engine="agrees", differs=None, unknown=[" ", "The rest."])


def test_an_id_is_of_what_it_says_and_not_of_when_it_was_seen() -> None:
    one, other = Ledger(), Ledger()
    other.note("event", "Pod/web", "Killed.")
    first = one.note("log", "web", "NameError", "10:00")
    assert other.note("log", "web", "NameError", "10:00") == first == one.note("log", "web", "NameError", "10:00", number=7)
    assert len({first, one.note("log", "web", "NameError", "10:01"), one.note("event", "web", "NameError", "10:00")}) == 3
    assert [piece["id"] for piece in one.kept([first, first, "log-none"])] == [first]


def test_a_ledger_is_bounded() -> None:
    ledger = Ledger()
    ids = [ledger.note("log", "web", f"line {number}") for number in range(MOST + 5)]
    assert len(ledger.pieces) == MOST and ids[-1] == "" and len(set(ids[:MOST])) == MOST


def test_disagreement_without_an_engine_is_none_and_without_evidence_is_counted() -> None:
    reply = REPLY.model_copy(update={"engine": "disagrees", "differs": Claim(text="No.", evidence=["log-9"])})
    kept = sift(reply, {"log-1"}, judged=True)
    assert (kept.stance, kept.differs, kept.dropped, kept.invented) == ("disagrees", {}, 1, ("log-9",))
    assert sift(reply, {"log-1"}, judged=False).stance == ""


def test_what_is_left_of_an_answer_is_what_rests_on_evidence() -> None:
    kept = sift(REPLY, {"log-1"}, judged=True)
    assert (kept.text, kept.cited, kept.unknown, kept.dropped, kept.rests) == ("So.", ("log-1",), ["The rest."], 0, True)
    assert not sift(REPLY, {"log-2"}, judged=True).rests


def test_a_question_to_prometheus_is_always_of_the_namespace() -> None:
    asked = Query(metric="http_requests_total", how="rate", pod="web-1.x", by="code", minutes=30)
    assert promql(asked, "shop") == 'sum by (code) (rate(http_requests_total{namespace="shop",pod=~"web-1[.]x.*"}[2m]))'
    for metric in ('up{namespace="other"} or up', "up or vector(1)", 'x"y', ""):
        try:
            Query.model_validate({"metric": metric})
        except ValueError:
            continue
        raise AssertionError(metric)
