"""Which of the things that happened is the usual suspect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workloads.suspects import Happening, Kind, onset, rank

ONSET = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def happened(kind: Kind, minutes: float, title: str = "", *objects: str) -> Happening:
    return Happening(kind, ONSET - timedelta(minutes=minutes), title or kind.value, objects=objects)


def titles(*found: Happening, named: frozenset[str] = frozenset()) -> list[str]:
    return [suspect.happening.title for suspect in rank(found, ONSET, named)]


def test_of_what_happened_at_once_the_deployment_is_the_usual_suspect() -> None:
    found = [happened(kind, 5) for kind in (Kind.CLUSTER, Kind.CONFIGURATION, Kind.CHANGE, Kind.DRIFT, Kind.DEPLOYMENT)]
    assert titles(*found) == ["deployment", "drift", "change", "configuration", "cluster"]


def test_what_is_nearer_outranks_what_is_long_ago() -> None:
    assert titles(happened(Kind.DEPLOYMENT, 180), happened(Kind.CHANGE, 3)) == ["change", "deployment"]


def test_what_touches_the_faulty_object_counts_double() -> None:
    edit = happened(Kind.DRIFT, 5, "edit", "Service/web")
    assert titles(happened(Kind.DEPLOYMENT, 5), edit, named=frozenset({"web"})) == ["edit", "deployment"]
    assert "it touches Service/web" in rank([edit], ONSET, {"web"})[0].why


def test_what_came_after_the_first_symptom_or_a_day_before_is_no_suspect() -> None:
    assert titles(happened(Kind.DEPLOYMENT, -3), happened(Kind.DEPLOYMENT, 25 * 60)) == []
    assert titles(happened(Kind.DEPLOYMENT, -1)) == ["deployment"]  # the first symptom is known to a scrape or two only


def test_the_first_symptom_is_the_earliest_that_the_alert_and_the_evidence_tell_of() -> None:
    proofs = [{"source": "event", "at": "2026-03-02T07:41:00Z"}, {"source": "object", "at": "2026-03-02T03:00:00Z"}]
    assert onset(ONSET, {"firing since": "2026-03-02T07:50:00Z"}, [{"evidence": proofs}]) == ONSET - timedelta(minutes=19)
    assert onset(ONSET, {"firing since": "2026-03-01T07:50:00Z"}, []) == ONSET  # of yesterday: not of this incident
    assert onset(ONSET, {"firing since": "no time; rm -rf /"}, [{"evidence": [{"source": "log", "at": "soon"}]}]) == ONSET
