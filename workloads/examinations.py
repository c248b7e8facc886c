"""Examinations: the rounds of looking into an incident. Begun once a round of a run, filled step by step, never taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from controlplane.core import live
from workloads import deployments
from workloads.models import Change, Deployment, Diagnosis, Environment, Examination, Incident

LONGEST = 300
Standing = Examination.Standing


def begin(incident_id: int, run_number: int, round: int) -> Examination:
    """The examination of this round of this run; asked again, the one that was begun."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update(of=("self",), no_key=True).get(pk=incident_id)
        known = Examination.objects.filter(incident=incident, run_number=run_number, round=round).first()
        if known is not None:
            return known
        last = Examination.objects.filter(incident=incident).aggregate(last=Max("number"))["last"] or 0
        more = {"run_number": run_number, "round": round, "begun_at": timezone.now()}
        found = Examination.objects.create(incident=incident, number=last + 1, **more)
        ring(incident_id)
    return found


def one(examination_id: int) -> Examination:
    """The examination with what its steps need."""
    related = ("incident__environment__application", "diagnosis__snapshot", "change")
    return Examination.objects.select_related(*related).get(pk=examination_id)


def newest(incident: Incident) -> Examination | None:
    """The last round."""
    rows = Examination.objects.filter(incident=incident).select_related("diagnosis__snapshot", "change", "checked")
    return rows.order_by("-number").first()


def write(examination: Examination, **found: Any) -> None:
    """Keep what one step found."""
    with transaction.atomic():
        Examination.objects.filter(pk=examination.pk).update(**found)
        ring(examination.incident_id)
    for name, value in found.items():
        setattr(examination, name, value)


def seen(examination: Examination, standing: str, summary: str, diagnosis: Diagnosis | None = None, **more: Any) -> None:
    """Keep what the look came to; the best hypothesis is the incident's cause as far as it is known."""
    best = diagnosis.hypotheses[0] if diagnosis and diagnosis.hypotheses else None
    with transaction.atomic():
        if best:
            said = str(best.get("summary", ""))[:LONGEST]
            Incident.objects.filter(pk=examination.incident_id).update(diagnosed=said)
        write(examination, standing=standing, summary=summary, diagnosis=diagnosis, **more)


def fresh_since(examination: Examination) -> datetime:
    """From when on a look is one at the world as it is: after the incident was opened, after whatever was last done there, and
    after this round began where the one before proposed nothing, or was another run's.
    """
    environment = examination.incident.environment_id
    applied = Change.objects.filter(environment=environment, applied_at__isnull=False).order_by("-applied_at")
    ended = Deployment.objects.filter(environment=environment, finished_at__isnull=False).order_by("-finished_at")
    before = Examination.objects.filter(incident=examination.incident_id, number__lt=examination.number).order_by("-number").first()
    anew = before is not None and (before.change_id is None or before.run_number != examination.run_number)
    moments = [
        examination.incident.opened_at,
        examination.begun_at if anew else None,
        applied.values_list("applied_at", flat=True).first(),
        ended.values_list("finished_at", flat=True).first(),
    ]
    return max(moment for moment in moments if moment is not None)


def under_way(environment: Environment) -> Change | Deployment | None:
    """What is half done there, so that it must not be taken for a fault."""
    applying = Change.objects.filter(environment=environment, status=Change.Status.APPLYING).first()
    rows = Deployment.objects.filter(environment=environment, status__in=deployments.UNDER_WAY).select_related(
        "release__application"
    )
    return applying or rows.first()


def ring(incident_id: int) -> None:
    """Tell whoever looks at the incident."""
    live.ring(f"incident-{incident_id}", incident=incident_id)
