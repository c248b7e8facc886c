"""The specialists: who they are, how they are configured, and how they did lately."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from agents import looks
from agents.models import AgentProfile
from controlplane.core.actors import Actor
from controlplane.dashboard.drawing import spark


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Each with its looks of the last 30 days, counted by verdict, and the latest of them."""
    profiles = {profile.name: profile for profile in AgentProfile.objects.all()}
    found = [
        {
            "record": record,
            "profile": profiles.get(record.specialist.name),
            "bars": spark.health([(day.looks, int(2 * day.failed >= day.looks)) if day else None for day in record.days]),
        }
        for record in looks.records(actor, timezone.now())
    ]
    return render(request, "specialists/list.html", {"specialists": found, "days": looks.PERIOD.days})
