"""What came in by webhook in the scene: a push that deployed, one that did not, an alert; and what the forge was told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.journeys.stage import Stage
from workloads.models import Environment, ForgeStatus, WebhookDelivery, WebhookRule, WebhookSource

COMMIT = "8ceb27" + "a" * 34
PUSH: dict[str, Any] = {
    "repository": "harbour/storefront",
    "ref": "main",
    "commit": COMMIT,
    "title": "Show a discount in the basket",
    "by": "dana",
    "action": "pushed",
    "paths": ["storefront/basket.py", "storefront/templates/basket.html"],
    "paths_known": True,
}
ALERT = {
    "name": "SlowPages",
    "summary": "Pages take longer than two seconds.",
    "firing": True,
    "fingerprint": "c0ffee",
    "labels": [],
}


def webhooks(stage: Stage) -> None:
    """A source for each of two kinds, with rules and deliveries."""
    where = stage.environments["storefront/staging"]
    github = _source("storefront", "github", where, repository="harbour/storefront")
    WebhookRule.objects.create(source=github, event="push", refs="main", effect="deploy", environment=where)
    run = stage.runs["stopped"]
    met: dict[str, Any] = {"effect": "deploy", "said": "Rule 10: met.", "environment": where.pk, "where": str(where), "run": run.pk}
    asked = _delivery(github, "push", PUSH, "handled", [met], minutes=39)
    type(run).objects.filter(pk=run.pk).update(input={**run.input, "delivery": asked.pk}, requested_by_label="webhook storefront")
    said = {"effect": "nothing", "said": "Rule 10: met, but nothing is deployed. The branch was deleted."}
    _delivery(github, "push", {**PUSH, "ref": "tides", "obstacle": "The branch was deleted."}, "ignored", [said], minutes=55)
    _delivery(github, "push", {**PUSH, "ref": "harbour-lights"}, "received", [], minutes=0.05)
    _told(github, run.pk)
    alerts = _source("alerts", "alertmanager", where)
    opened = {"effect": "incident", "said": "Rule 10: met.", "environment": where.pk, "where": str(where), "incidents": []}
    _delivery(alerts, "alert", {"title": "SlowPages", "action": "firing", "alerts": [ALERT]}, "handled", [opened], minutes=120)


def _source(name: str, kind: str, where: Environment, **more: str) -> WebhookSource:
    return WebhookSource.objects.create(name=name, kind=kind, application=where.application, secret="k" * 32, **more)


def _delivery(
    source: WebhookSource, event: str, facts: dict[str, Any], status: str, outcome: list[dict[str, Any]], minutes: float
) -> WebhookDelivery:
    number, at = WebhookDelivery.objects.count(), timezone.now() - timedelta(minutes=minutes)
    values = {"facts": facts, "status": status, "outcome": outcome, "handled_at": None if status == "received" else at}
    digests = {"proved_sha256": f"{number:064x}", "body_sha256": f"{number + 7:064x}"}
    made = WebhookDelivery.objects.create(source=source, event=event, delivery_id=f"0f0e0d0c-{number:04}", **digests, **values)
    WebhookDelivery.objects.filter(pk=made.pk).update(received_at=at)
    return made


def _told(source: WebhookSource, run: int) -> None:
    common = {"source": source, "repository": "harbour/storefront", "commit": COMMIT, "context": "timonel/storefront/staging"}
    common |= {"run_number": run, "state": "failure", "description": "Testing stopped it: 1 of 214 tests failed.", "settled": True}
    now = timezone.now()
    ForgeStatus.objects.create(kind="commit", wanted=3, told=3, told_at=now - timedelta(minutes=31), **common)
    problem = "api.github.com does not let our token do this: Resource not accessible by personal access token."
    ForgeStatus.objects.create(kind="deployment", wanted=3, told=2, problem=problem, **common)
