"""Recalling: what the knowledge base says of such an incident, within the scope of its environment; cited passages stay with it."""

from __future__ import annotations

from typing import Any

from controlplane.core.redaction import redact
from knowledge.retrieval import Found, Scope, search
from workloads import examinations
from workloads.evidence import Assessment, Evidence
from workloads.models import Examination
from workloads.verdicts import Verdict

MOST, LONGEST = 5, 700


def recall(examination_id: int) -> Assessment:
    """The passages that say most about it."""
    examination = examinations.one(examination_id)
    question = question_of(examination)
    scope = Scope(frozenset(examination.incident.environment.scopes))
    passages = [_kept(one) for one in search(question, scope, MOST)]
    examinations.write(examination, passages=passages)
    rows = [[one["source"], one["title"], " / ".join(one["headings"]), one["text"]] for one in passages]
    table = Evidence(
        "Passages", "table", {"columns": ["source", "document", "where", "what it says"], "rows": rows}, asked=question
    )
    if not passages:
        return Assessment(Verdict.NO_DATA, "The knowledge base says nothing of it.", evidence=(table,))
    first = passages[0]
    more = f" and {len(passages) - 1} more" if len(passages) > 1 else ""
    return Assessment(Verdict.PASSED, f"{first['title']} ({first['source']}){more} may help.", evidence=(table,))


def question_of(examination: Examination) -> str:
    """What is asked: the alert, the title, the fault, and what the best hypothesis says."""
    incident = examination.incident
    best = examination.diagnosis.hypotheses[0] if examination.diagnosis and examination.diagnosis.hypotheses else {}
    alert = str(incident.evidence.get("alert", ""))
    fault = str(best.get("fault", "")).replace("_", " ")
    parts = [alert, incident.title, fault, str(best.get("summary", ""))]
    return " ".join(dict.fromkeys(part for part in parts if part))[:1_000]


def _kept(found: Found) -> dict[str, Any]:
    """A passage as an incident keeps it, though its document may change."""
    return {
        "document": found.document,
        "passage": found.passage,
        "source": found.source,
        "title": found.title,
        "path": found.path,
        "headings": list(found.headings),
        "first_line": found.first_line,
        "last_line": found.last_line,
        "text": redact(found.text)[:LONGEST],
    }
