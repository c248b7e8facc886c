"""The addresses of the scene: one page of every kind."""

from __future__ import annotations

import re

from django.urls import reverse

from knowledge.models import Document, Source
from tests.journeys.scene import Scene
from workloads.models import Cluster, Incident, Instance, Notification, Release, WebhookDelivery

LISTS = (
    "overview",
    "inbox",
    "runs",
    "deployments",
    "incidents",
    "findings",
    "knowledge",
    "knowledge-sources",
    "specialists",
    "metrics",
    "audit",
    "account",
    "webhooks",
    "notifications",
    "clusters",
)


def every(scene: Scene) -> list[str]:
    """One page of every kind, runs in each state among them."""
    production = scene.environments["storefront/production"]
    instance = Instance.objects.filter(environment=production).values_list("pk", flat=True)[0]
    places = [reverse(name) for name in LISTS]
    places += [reverse("search") + "?q=store", reverse("overview") + "?show=trouble", "/no-such-page/"]
    places += [reverse("runs") + "?q=test", reverse("findings") + "?state=fixed", compared(production.application_id)]
    places += [reverse("application", args=[production.application_id]), reverse("environment", args=[production.pk])]
    places += [reverse("ask", args=[production.pk])]
    places += [reverse("environment", args=[scene.environments["billing/production"].pk])]  # with windows, a lock and a stop
    places += [reverse("change", args=[scene.change.pk]), reverse("incident", args=[Incident.objects.get().pk])]
    places += [reverse("webhook", args=[number]) for number in WebhookDelivery.objects.values_list("pk", flat=True)]
    places += [reverse("notification", args=[row.pk]) for row in Notification.objects.all()]
    places += [reverse("cluster", args=[row.name]) for row in Cluster.objects.all()]
    places += [reverse("knowledge") + "?q=exit+code+137", reverse("knowledge") + "?q=%E2%80%A6"]
    places += [reverse("knowledge-source", args=[row.pk]) for row in Source.objects.all()]
    places += [reverse("knowledge-document", args=[Document.objects.latest("pk").pk]) + "?lines=2-3"]
    places += [reverse("process-log", args=[production.pk, instance, "web"])]
    for run in scene.runs.values():
        places += [reverse("run", args=[run.pk]), reverse("run-log", args=[run.pk])]
    return places


def compared(application_id: int) -> str:
    """The page that compares the application's first release with its latest."""
    numbers = Release.objects.filter(application=application_id).order_by("pk").values_list("pk", flat=True)
    return f"{reverse('compare', args=[application_id])}?from={numbers[0]}&to={numbers[len(numbers) - 1]}"


def kinds(scene: Scene) -> list[str]:
    """One address of each kind."""
    return list({re.sub(r"\d+", "0", address): address for address in reversed(every(scene))}.values())
