"""What the steps of an incident show, as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workloads.evidence import Evidence
from workloads.models import Diagnosis, Environment
from workloads.verdicts import Verdict

MOST_PROOFS = 12


def on_a_cluster(environment: Environment) -> bool:
    """Whether there is a cluster to look at."""
    return environment.driver == Environment.Driver.KUBERNETES and hasattr(environment, "target")


def diagnosis(found: Diagnosis) -> tuple[Evidence, ...]:
    """The hypotheses side by side, the evidence of the best one, and the snapshot they rest on."""
    columns = ["fault", "object", "sure", "what", "speaks against it"]
    rows = [
        [
            one.get("fault", ""),
            one.get("object", ""),
            f"{float(one.get('confidence', 0)):.0%}",
            one.get("summary", ""),
            "; ".join(one.get("contradictions", ())),
        ]
        for one in found.hypotheses
    ]
    pieces = [Evidence("Hypotheses", "table", {"columns": columns, "rows": rows})] if rows else []
    if found.hypotheses:
        proofs = found.hypotheses[0].get("evidence", [])[:MOST_PROOFS]
        lines = [[proof.get("source", ""), proof.get("where", ""), proof.get("at", ""), proof.get("text", "")] for proof in proofs]
        table = {"columns": ["kind", "where", "when", "what it says"], "rows": lines}
        pieces.append(Evidence("What the best one rests on", "table", table, verdict=Verdict.FAILED))
    if found.snapshot is not None:
        pieces.append(Evidence("Snapshot", "json", {"snapshot": found.snapshot.pk, "sha256": found.snapshot.sha256}))
    return tuple(pieces)


def suspects(ranked: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A table of what changed."""
    rows = [[one["at"][:19].replace("T", " "), one["title"], one["who"], "; ".join(one["why"])] for one in ranked]
    return {"columns": ["when", "what", "who", "why it is suspected"], "rows": rows}
