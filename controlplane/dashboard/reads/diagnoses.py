"""Diagnoses as pages show them: the one that is looked at, what it could not see, and those around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from workloads import diagnoses, mending
from workloads.models import Diagnosis, Environment, Incident
from workloads.offers import Offer

HISTORY = 20
KINDS: dict[str, str | Promise] = {
    "objects": _("Objects"),
    "declared": _("What was applied"),
    "events": _("Events"),
    "logs": _("Logs"),
    "alerts": _("Alerts"),
    "metrics": _("Metrics"),
    "nodes": _("Nodes"),
    "probes": _("Active checks"),
}


@dataclass(frozen=True, slots=True)
class Lack:
    """A kind of evidence that was not seen, or not all of it, and why."""

    name: str
    partly: bool
    why: tuple[str, ...]


def of(actor: Actor, environment: Environment, number: str = "") -> dict[str, Any]:
    """What the page of an environment shows. Raises NotFound for a number of somewhere else."""
    rows = diagnoses.visible(actor).filter(environment=environment)
    history = list(rows.defer("symptoms", "hypotheses")[:HISTORY])
    ended = rows.exclude(status__in=Diagnosis.OPEN)
    named = int(number) if number.isdecimal() and len(number) < 18 else 0
    shown = ended.filter(pk=named).first() if number else ended.first()
    if number and shown is None:
        raise NotFound(f"There is no diagnosis {number} of {environment}, or it is not done yet.")
    return {
        "environment": environment,
        "shown": shown,
        "explanations": explanations(actor, shown),
        "newest": not number,
        "open": next((row for row in history if row.status in Diagnosis.OPEN), None),
        "lacking": list(_lacking(shown)) if shown and shown.status == Diagnosis.Status.DONE else [],
        "history": history,
    }


def explanations(actor: Actor, shown: Diagnosis | None) -> list[tuple[dict[str, Any], list[Offer]]]:
    """Each hypothesis with what can be proposed against it. No cluster is asked."""
    if shown is None or not shown.hypotheses:
        return []
    found = mending.offered(actor, shown, foresee=False) if shown.environment_id else []
    return [(each, [one for one in found if one.hypothesis == index]) for index, each in enumerate(shown.hypotheses)]


def of_incident(incident: Incident) -> Diagnosis | None:
    """The newest one that was asked for because of it; of incidents that came at once, the one that all of them share."""
    here = Diagnosis.objects.filter(environment=incident.environment_id, finished_at__gte=incident.opened_at)
    here = here.filter(finished_at__lte=incident.resolved_at) if incident.resolved_at else here
    return Diagnosis.objects.filter(incident=incident).order_by("-pk").first() or here.order_by("pk").first()


def _lacking(shown: Diagnosis) -> Iterator[Lack]:
    coverage = shown.snapshot.coverage if shown.snapshot else {}
    for kind, name in KINDS.items():
        told = coverage.get(kind, {})
        state, why = str(told.get("state", "whole")), tuple(map(str, told.get("why", [])))
        if state != "whole" or kind in shown.missing:
            yield Lack(str(name), partly=state == "partly" and kind not in shown.missing, why=why[:5])
