"""The addresses of the scene: one page of every kind."""

from __future__ import annotations

import re

from django.urls import reverse

from tests.journeys.scene import Scene
from workloads.models import Instance

LISTS = ("overview", "inbox", "runs", "deployments", "incidents", "findings", "specialists", "audit", "account")


def every(scene: Scene) -> list[str]:
    """One page of every kind, runs in each state among them."""
    production = scene.environments["storefront/production"]
    instance = Instance.objects.filter(environment=production).values_list("pk", flat=True)[0]
    places = [reverse(name) for name in LISTS]
    places += [reverse("search") + "?q=store", reverse("overview") + "?show=trouble", "/no-such-page/"]
    places += [reverse("application", args=[production.application_id]), reverse("environment", args=[production.pk])]
    places += [reverse("change", args=[scene.change.pk]), reverse("process-log", args=[production.pk, instance, "web"])]
    for run in scene.runs.values():
        places += [reverse("run", args=[run.pk]), reverse("run-log", args=[run.pk])]
    return places


def kinds(scene: Scene) -> list[str]:
    """One address of each kind."""
    return list({re.sub(r"\d+", "0", address): address for address in reversed(every(scene))}.values())
