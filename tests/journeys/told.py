"""What a model wrote in the scene: about the change that waits and the run that stopped, and what that used."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from agents.models import AgentProfile, ModelBudget, ModelCall, ModelEndpoint, Reading, Run
from workloads.models import Change

PLAN: dict[str, Any] = {
    "text": "This puts version v2 of storefront where v1 runs now. It shows discounts in the basket and stores them with each "
    "order. One of its two migrations makes an index while the shop is open, so orders cannot be saved until it is done.",
    "risks": [
        {"text": "Customers cannot finish an order while the index is made.", "level": "high", "facts": ["F2", "F3"]},
        {"text": "Four web workers use more memory than two did.", "level": "low", "facts": ["F5"]},
    ],
    "facts": [
        {"id": "F1", "title": "what will happen", "place": "#risk"},
        {"id": "F2", "title": "risk and its reasons", "place": "#risk"},
        {"id": "F3", "title": "migrations", "place": "#effect-1"},
        {"id": "F5", "title": "processes", "place": "#effect-1"},
    ],
}
FAILURE: dict[str, Any] = {
    "text": "The run stopped because one test failed. Nothing was rolled out, and the release in staging serves as before.",
    "risks": [],
    "facts": [
        {"id": "F1", "title": "how the run ended", "place": "#run-result"},
        {"id": "F2", "title": "step testing", "place": "?node=testing#node"},
    ],
    "left_out": "It was not shown, for want of room: step configuration.",
}


def fill(stopped: Run, failed: Run, waiting: Run, change: Change) -> None:
    """One that was written about each of two, one that was not, an endpoint with its budgets."""
    endpoint = ModelEndpoint.objects.create(
        name="house", address="http://127.0.0.1:9/v1", model="qwen3-32b", private=True, is_default=True, price_in=Decimal("0.2")
    )
    AgentProfile.objects.filter(name="security").update(endpoint=endpoint)
    ModelBudget.objects.create(tokens=2_000_000, money=Decimal(40))
    ModelBudget.objects.create(specialist="security", period="day", calls=50)
    for run, specialist in ((waiting, ""), (stopped, ""), (waiting, "security")):
        _call(endpoint, run, specialist)
    written = {"status": "written", "endpoint": endpoint, "model": endpoint.model, "finished_at": timezone.now()}
    Reading.objects.create(kind="plan", key="plan-scene", run=waiting, change=change, **written, **PLAN)
    Reading.objects.create(kind="failure", key="failure-scene", run=stopped, **written, **FAILURE)
    why_not = "It said nothing for 30 seconds. Ask a quicker model, or give the endpoint more time."
    Reading.objects.create(kind="failure", key="failure-scene-2", run=failed, status="not_added", why_not=why_not)


def _call(endpoint: ModelEndpoint, run: Run, specialist: str) -> None:
    ModelCall.objects.create(
        endpoint=endpoint,
        endpoint_name=endpoint.name,
        model=endpoint.model,
        purpose="summary",
        specialist=specialist,
        run=run,
        application=run.environment.application,
        prompt="plan@0123456789ab",
        status="ok",
        tokens_in=6_204,
        tokens_out=311,
        cost=endpoint.cost(6_204, 311),
        latency_ms=2_310,
        attempts=1,
    )
