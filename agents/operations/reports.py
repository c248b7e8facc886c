"""The last word of a run, told from the steps that decided it."""

from __future__ import annotations

from collections.abc import Sequence

from agents.context import Context
from agents.models import Run, Step
from agents.operations import checkouts
from workloads.evidence import Assessment
from workloads.verdicts import Verdict

FINAL = {Run.Status.SUCCEEDED, Run.Status.REFUSED, Run.Status.ROLLED_BACK}


def report(context: Context, outcome: str, nodes: Sequence[str]) -> Assessment:
    """The summary and cure of what decided the outcome; for a stopped run of every check that stopped it."""
    newest = {step.node: step for step in Step.objects.filter(run=context.run, status=Step.Status.DONE).order_by("pk")}
    deciding = [newest[node] for node in nodes if node in newest]
    told = deciding if outcome == Run.Status.STOPPED else deciding[:1]
    if outcome in FINAL:
        checkouts.clear(context.run)
    summary = " ".join(_named(step) if outcome == Run.Status.STOPPED else step.summary for step in told)
    cure = " ".join(dict.fromkeys(step.cure for step in told if step.cure))
    return Assessment(Verdict.PASSED if outcome == Run.Status.SUCCEEDED else Verdict.FAILED, summary, cure)


def _named(step: Step) -> str:
    words = step.node.replace("_", " ").replace("cicd", "CI/CD")
    return f"{words[:1].upper()}{words[1:]}: {step.summary}"
