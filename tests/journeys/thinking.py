"""What a model added to the scene: a reading with the tools it used, and one that it did not manage to add."""

from __future__ import annotations

from django.utils import timezone

from agents.models import ModelCall, ModelEndpoint, Proposal, Reading, Run, Step
from workloads.models import Change

WROTE = (
    "The total of an order counts the shipping twice: the test expects 44.90 and gets 49.80, and the difference is one shipping. "
    "Look at what adds the shipping in the basket, and deploy the new commit."
)
RISKS = [
    {"text": "Customers would pay the shipping twice.", "level": "high", "facts": ["e1", "e2"]},
    {"text": "Orders placed meanwhile would need a refund.", "level": "medium", "facts": ["e2"]},
]
FOUND = '{"status": "ok", "asked": "orders/tests.py at 8ceb278ceb27, lines 40 to 44 of 120", "data": {"rows": [{"line": 41}]}}'
TOOLS = [
    {"name": "get_source", "arguments": '{"path": "orders/tests.py", "first": 40}', "status": "ok", "result": FOUND},
    {
        "name": "approve_change",
        "arguments": '{"change": 3}',
        "status": "error",
        "result": '{"status": "error", "error": "There is no such tool."}',
    },
]


def add(runs: dict[str, Run]) -> None:
    """To the run whose tests failed, and to the one that was rolled back."""
    endpoint = ModelEndpoint.objects.get(name="house")
    failed = Step.objects.get(run=runs["stopped"], node="testing")
    now = timezone.now()
    reading = Reading.objects.create(
        kind="findings",
        key=f"findings-step-{failed.pk}",
        run=failed.run,
        step=failed,
        specialist="testing",
        status="written",
        text=WROTE,
        risks=RISKS,
        facts=[{"id": f"e{n}", "title": title, "place": f"?node=testing#evidence-testing-{n}"} for n, title in _titles(failed)],
        left_out="212 lines of e2 were left out.",
        not_kept="It named facts that it was not shown: e9.",
        endpoint=endpoint,
        model=endpoint.model,
        finished_at=now,
    )
    reading.calls.add(_call(endpoint, failed, TOOLS, "ok"), _call(endpoint, failed, [], "ok"))
    verify = Step.objects.filter(run=runs["rolled-back"], node="verify").first()
    if verify is not None:
        why = "The budget of everything, a month has too few tokens left. Raise the budget, or wait for its next period."
        key = f"findings-step-{verify.pk}"
        about = {"run": verify.run, "step": verify, "specialist": "monitoring", "status": "not_added", "why_not": why}
        Reading.objects.create(kind="findings", key=key, finished_at=now, **about)


def suggest(change: Change, step: Step) -> None:
    """Have the change be one that a model suggested."""
    why = "Every second request has answered 500 since the switch; the former release answered all of them."
    Proposal.objects.create(change=change, step=step, specialist="monitoring", tool="propose_rollback", why=why, facts=["e1", "e2"])


def _titles(step: Step) -> list[tuple[int, str]]:
    return [(number, str(piece["title"])) for number, piece in enumerate(step.evidence[:2], 1)]


def _call(endpoint: ModelEndpoint, step: Step, tools: list[dict[str, str]], status: str) -> ModelCall:
    return ModelCall.objects.create(
        endpoint=endpoint,
        endpoint_name=endpoint.name,
        model=endpoint.model,
        purpose="reading",
        specialist="testing",
        run=step.run,
        prompt="testing@1f2e3d4c5b6a",
        status=status,
        tokens_in=2_310,
        tokens_out=174,
        latency_ms=4_120,
        attempts=1,
        tools=tools,
    )
