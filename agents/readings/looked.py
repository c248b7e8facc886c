"""Which steps a model is asked to read: those of specialists that think, where there is something to say."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from agents.models import AgentProfile, Step
from agents.specialists import Specialist, registry
from workloads import findings
from workloads.findings import State
from workloads.models import Finding
from workloads.verdicts import Verdict

TROUBLED = (Verdict.FAILED, Verdict.INCONCLUSIVE)


def specialist_of(node: str) -> Specialist | None:
    """The specialist that looks in this node, if one does."""
    return next((one for one in registry().values() if one.node == node), None)


def findings_of(step: Step, one: Specialist) -> QuerySet[Finding]:
    """The findings of the specialist's own tools that this run saw and that count, the worst first."""
    found = Finding.objects.filter(application=step.run.environment.application_id, sightings__run_number=step.run_id)
    return found.filter(findings.in_state(State.COUNTING, timezone.now()), tool__in=one.reports).order_by("-rank")


def thinks_about(step: Step) -> str:
    """The specialist that has a model read this step, or nothing: its thinking is off, or there is nothing to say."""
    one = specialist_of(step.node)
    if one is None or not AgentProfile.objects.filter(name=one.name, thinking=True, enabled=True).exists():
        return ""
    return one.name if step.verdict in TROUBLED or findings_of(step, one).exists() else ""
