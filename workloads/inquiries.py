"""Inquiries: the rounds of looking into an incident. Begun once a round of a run, filled step by step, never taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from controlplane.core import live
from workloads import deployments
from workloads.models import Change, Deployment, Diagnosis, Environment, Incident, Inquiry

LONGEST = 300
Standing = Inquiry.Standing


def begin(incident_id: int, run_number: int, round: int) -> Inquiry:
    """The inquiry of this round of this run; asked again, the one that was begun."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update(of=("self",), no_key=True).get(pk=incident_id)
        known = Inquiry.objects.filter(incident=incident, run_number=run_number, round=round).first()
        if known is not None:
            return known
        last = Inquiry.objects.filter(incident=incident).aggregate(last=Max("number"))["last"] or 0
        more = {"run_number": run_number, "round": round, "begun_at": timezone.now()}
        found = Inquiry.objects.create(incident=incident, number=last + 1, **more)
        ring(incident_id)
    return found


def one(inquiry_id: int) -> Inquiry:
    """The inquiry with what its steps need."""
    return Inquiry.objects.select_related("incident__environment__application", "diagnosis__snapshot", "change").get(pk=inquiry_id)


def newest(incident: Incident) -> Inquiry | None:
    """The last round."""
    rows = Inquiry.objects.filter(incident=incident).select_related("diagnosis__snapshot", "change", "checked")
    return rows.order_by("-number").first()


def write(inquiry: Inquiry, **found: Any) -> None:
    """Keep what one step found."""
    with transaction.atomic():
        Inquiry.objects.filter(pk=inquiry.pk).update(**found)
        ring(inquiry.incident_id)
    for name, value in found.items():
        setattr(inquiry, name, value)


def seen(inquiry: Inquiry, standing: str, summary: str, diagnosis: Diagnosis | None = None, **more: Any) -> None:
    """Keep what the look came to; the best hypothesis is the incident's cause as far as it is known."""
    best = diagnosis.hypotheses[0] if diagnosis and diagnosis.hypotheses else None
    with transaction.atomic():
        if best:
            said = str(best.get("summary", ""))[:LONGEST]
            Incident.objects.filter(pk=inquiry.incident_id).update(diagnosed=said)
        write(inquiry, standing=standing, summary=summary, diagnosis=diagnosis, **more)


def fresh_since(inquiry: Inquiry) -> datetime:
    """From when on a look is one at the world as it is: after the incident was opened, after whatever was last done there, and
    after this round began where the one before proposed nothing, or was another run's.
    """
    environment = inquiry.incident.environment_id
    applied = Change.objects.filter(environment=environment, applied_at__isnull=False).order_by("-applied_at")
    ended = Deployment.objects.filter(environment=environment, finished_at__isnull=False).order_by("-finished_at")
    before = Inquiry.objects.filter(incident=inquiry.incident_id, number__lt=inquiry.number).order_by("-number").first()
    anew = before is not None and (before.change_id is None or before.run_number != inquiry.run_number)
    moments = [
        inquiry.incident.opened_at,
        inquiry.begun_at if anew else None,
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
