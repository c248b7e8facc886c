"""The specialists: who they are, how they are configured, and how they did lately."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from agents import looks, usage
from agents.models import AgentProfile, ModelEndpoint
from controlplane.core.actors import Actor
from controlplane.dashboard.drawing import spark


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Each with its looks of the last 30 days, counted by verdict, and the latest of them."""
    profiles = {profile.name: profile for profile in AgentProfile.objects.select_related("endpoint")}
    now = timezone.now()
    models = _models(actor, now)
    used = models["used"] if models else {}
    found = [
        {
            "record": record,
            "profile": profiles.get(record.specialist.name),
            "usage": used.get(record.specialist.name),
            "bars": spark.health([(day.looks, int(2 * day.failed >= day.looks)) if day else None for day in record.days]),
        }
        for record in looks.records(actor, now)
    ]
    context = {"specialists": found, "days": looks.PERIOD.days, "models": models}
    return render(request, "specialists/list.html", context)


def _models(actor: Actor, now: datetime) -> dict[str, Any] | None:
    """What models were used for, and how the budgets stand; None where none is connected."""
    endpoints = list(ModelEndpoint.objects.defer("key"))
    if not endpoints:
        return None
    used = usage.by_specialist(actor, now)
    default = next((one for one in endpoints if one.is_default), None)
    return {"used": used, "summaries": used.get("", usage.Usage()), "default": default, "limits": usage.limits(actor)}
