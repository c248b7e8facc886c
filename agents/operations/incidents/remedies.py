"""Remedies: what would mend it, best first: repairs of the cluster, and the rollback where a release is the usual suspect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import close_old_connections

from agents.context import Context
from agents.operations import actors
from controlplane.core.errors import TimonelError
from controlplane.core.redaction import redact_value
from workloads import examinations, mending, rollback
from workloads.evidence import Assessment, Evidence
from workloads.models import Examination, Incident
from workloads.offers import ROLL_BACK, Offer
from workloads.suspects import Kind
from workloads.verdicts import Verdict

Remedy = dict[str, Any]


def remedies(context: Context, examination_id: int) -> Assessment:
    """Ask what is offered, and keep it with the examination."""
    examination = examinations.one(examination_id)
    close_old_connections()
    found = ordered([*_repairs(context, examination), *_rollback(examination)], examination.suspects)
    examinations.write(examination, remedies=redact_value(found))
    rows = [[one["summary"], one["risk"], "yes" if one["reversible"] else "no", one["why_not"]] for one in found]
    columns = ["what", "risk", "can be undone", "why it cannot be done"]
    table = Evidence("Remedies", "table", {"columns": columns, "rows": rows})
    possible = [one for one in found if not one["why_not"]]
    if not possible:
        why = found[0]["why_not"] if found else _why_none(examination)
        return Assessment(Verdict.NOT_EVALUATED, f"No remedy. {why}", "A person looks at it.", (table,), data={"offered": False})
    return Assessment(Verdict.PASSED, f"The best remedy: {possible[0]['summary']}", evidence=(table,), data={"offered": True})


def _why_none(examination: Examination) -> str:
    """Why nothing is offered, in a sentence."""
    if examination.standing == Examination.Standing.HEALTHY and examination.incident.status == Incident.Status.MITIGATED:
        return "People are served again, and nothing is wrong on the cluster; what is left is to mend what caused it."
    if examination.standing == Examination.Standing.HEALTHY:
        return "Nothing is wrong that can be seen here."
    return "Nothing can honestly be offered for what was found."


def key_of(remedy: Remedy) -> str:
    """The same remedy has the same key, in whichever round it is offered."""
    told = {name: remedy.get(name) for name in ("kind", "repair")}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def ordered(found: Sequence[Remedy], suspects: Sequence[dict[str, Any]]) -> list[Remedy]:
    """Each once, in the order of the hypotheses. Where a release is the usual suspect, its rollback comes first: a repair past
    the release would be a drift, and the next deployment would break it again.
    """
    unique = list({one["key"]: one for one in reversed(found)}.values())[::-1]
    deployed = bool(suspects) and suspects[0]["kind"] == Kind.DEPLOYMENT
    return sorted(unique, key=lambda one: one["kind"] != ROLL_BACK) if deployed else unique


def _repairs(context: Context, examination: Examination) -> Iterator[Remedy]:
    if examination.diagnosis is None or examination.standing != Examination.Standing.FAULT:
        return
    try:
        offers = mending.offered(actors.engine(context), examination.diagnosis)
    except TimonelError as error:
        context.say(f"No repair can be offered: {error}", level="warning")
        return
    for offer in offers:
        yield _told(examination, offer)


def _told(examination: Examination, offer: Offer) -> Remedy:
    assert examination.diagnosis is not None
    hypothesis = examination.diagnosis.hypotheses[offer.hypothesis]
    repair = {"release": offer.target.release_id} if offer.target else offer.repair.as_json() if offer.repair else {}
    remedy: Remedy = {
        "kind": offer.kind,
        "label": offer.label,
        "repair": repair,
        "summary": offer.summary,
        "risk": offer.risk,
        "reversible": offer.reversible,
        "hypothesis": offer.hypothesis,
        "fault": hypothesis.get("fault", ""),
        "object": hypothesis.get("object", ""),
        "confidence": hypothesis.get("confidence", 0),
        "world": offer.world.as_json() if offer.world else {},
        "why_not": offer.why_not,
    }
    return {"key": key_of(remedy), **remedy}


def _rollback(examination: Examination) -> Iterator[Remedy]:
    """Back to the last verified release, where a deployment came before the first symptom and no hypothesis offers it already."""
    deployed = next((one for one in examination.suspects if one["kind"] == Kind.DEPLOYMENT), None)
    found = rollback.plan(examination.incident.environment)
    if deployed is None or found.target is None or examination.standing == Examination.Standing.HEALTHY:
        return
    remedy: Remedy = {
        "kind": ROLL_BACK,
        "label": "Roll back",
        "repair": {"release": found.target.release_id},
        "summary": f"Roll back to {found.target.release.label}: {deployed['title']}, {deployed['why'][0]}",
        "risk": "low",
        "reversible": False,
        "hypothesis": None,
        "fault": "",
        "object": "",
        "confidence": 0,
        "world": {"notes": list(found.sentences)},
        "why_not": found.impossible_because,
    }
    yield {"key": key_of(remedy), **remedy}
