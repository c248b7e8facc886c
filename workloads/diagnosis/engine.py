"""The engine: a Snapshot in, a Diagnosis out. The same Snapshot always gives the same answer."""

from __future__ import annotations

from workloads.diagnosis.answers import Diagnosis, Hypothesis, Standing
from workloads.diagnosis.findings.everything import findings
from workloads.diagnosis.ranking import SURE, merge, rank
from workloads.diagnosis.rules.everything import hypotheses
from workloads.diagnosis.rules.making import clean
from workloads.diagnosis.snapshot import Snapshot
from workloads.diagnosis.symptoms import critical, symptoms, unanswered
from workloads.diagnosis.view.cluster import View

MOST = 10
TIE = 0.02


def diagnose(snapshot: Snapshot, *, with_findings: bool = True) -> Diagnosis:
    """What is wrong, and where the repair goes; `healthy` when nothing is, `inconclusive` when the evidence does not tell."""
    view = View(snapshot)
    ranked = tuple(each for each in rank(merge(hypotheses(view)), view.calls) if each.confidence >= 0.25)[:MOST]
    shown = tuple(symptoms(view))
    standing, summary = _verdict(view, ranked, bool(shown))
    return Diagnosis(
        standing=standing,
        summary=clean(summary),
        hypotheses=ranked if standing is not Standing.HEALTHY else (),
        symptoms=(*shown, *unanswered(view)),
        findings=tuple(findings(view)) if with_findings else (),
        missing=view.missing,
        problems=snapshot.problems,
        partly=tuple(clean(each) for each in snapshot.partly),
    )


def _verdict(view: View, ranked: tuple[Hypothesis, ...], symptomatic: bool) -> tuple[Standing, str]:
    if not view.workloads and not view.nodes:
        return Standing.INCONCLUSIVE, "There are no workloads and no nodes in this evidence; nothing can be said."
    if ranked and ranked[0].confidence >= SURE:
        if _tied(ranked):
            return Standing.INCONCLUSIVE, "Two explanations are equally likely; a person must look."
        return Standing.FAULT, ranked[0].summary
    if symptomatic or critical(view):
        return Standing.INCONCLUSIVE, "Something is wrong, and the evidence does not tell why."
    whole = not view.snapshot.problems and not view.snapshot.partly
    return (
        Standing.HEALTHY,
        "Nothing is wrong in this evidence." if whole else "Nothing is wrong in this evidence, which is not whole.",
    )


def _tied(ranked: tuple[Hypothesis, ...]) -> bool:
    """Whether the first two are about different objects, as likely as each other, and neither is sure."""
    if len(ranked) < 2 or ranked[0].confidence >= 0.8:
        return False
    return ranked[0].object != ranked[1].object and ranked[0].confidence - ranked[1].confidence < TIE
