"""What models may use: set aside before a call, under the locks of its budgets, and settled after it.

What is spent of a budget is the sum of the recorded calls and is kept nowhere else. A call in flight counts with what was
set aside for it, until the moment at which its worker must be dead. The only writer of ModelCall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateTimeField,
    DecimalField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from agents.models import ModelBudget, ModelCall, ModelEndpoint, Run
from controlplane.core.redaction import redact
from workloads.models import Environment

Status = ModelCall.Status
COUNTED = (Status.UNDER_WAY, Status.LOST)  # what may still be settled
GRACE = timedelta(seconds=30)
MONEY = DecimalField(max_digits=30, decimal_places=10)


@dataclass(frozen=True, slots=True)
class Need:
    """One call before it is made: who asks, and the most it will use as far as can be told."""

    endpoint: ModelEndpoint
    purpose: str
    specialist: str
    run: int | None
    prompt: str
    tokens_in: int
    tokens_out: int
    seconds: float  # until it is over, one way or another
    environment: int | None = None  # where no run says it


@dataclass(frozen=True, slots=True)
class Use:
    """One call after it was made."""

    status: str
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False
    latency_ms: int = 0
    attempts: int = 1
    model: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What recorded calls used, and what is set aside for those under way."""

    tokens: int
    money: Decimal
    calls: int
    tokens_aside: int = 0
    money_aside: Decimal = Decimal(0)


def reserve(need: Need) -> ModelCall:
    """The call's record: under way with its share set aside, or refused by a budget, which its `error` then names.

    The budgets' rows are locked while they are looked at, so that calls at the same moment see each other.
    """
    with transaction.atomic():
        application = _application_of(need)
        budgets = _scoped(application, need.specialist).filter(enabled=True).order_by("pk").select_for_update(of=("self",))
        refusal = next((why for budget in budgets if (why := _refusal(budget, need))), "")
        aside = _aside(need) if not refusal else {"status": Status.REFUSED, "error": refusal}
        return ModelCall.objects.create(
            endpoint=need.endpoint if need.endpoint.pk else None,  # one that is tried before it is kept
            endpoint_name=need.endpoint.name,
            model=need.endpoint.model,
            purpose=need.purpose,
            specialist=need.specialist,
            run_id=need.run,
            application_id=application,
            prompt=need.prompt[:120],
            **aside,
        )


def _application_of(need: Need) -> int | None:
    if need.run is not None:
        return Run.objects.filter(pk=need.run).values_list("environment__application", flat=True).first()
    return Environment.objects.filter(pk=need.environment or 0).values_list("application", flat=True).first()


def settle(call: ModelCall, use: Use) -> None:
    """Write down what the call used; what was set aside is free again."""
    cost = call.endpoint.cost(use.tokens_in, use.tokens_out) if call.endpoint else Decimal(0)
    ModelCall.objects.move(
        call.pk,
        COUNTED,
        use.status,
        tokens_in=use.tokens_in,
        tokens_out=use.tokens_out,
        estimated=use.estimated,
        cost=cost,
        latency_ms=use.latency_ms,
        attempts=use.attempts,
        model=redact(use.model or call.model)[:200],
        error=redact(use.error),
        **FREE,
    )


def correct(call_id: int, status: str, error: str) -> None:
    """What was answered turned out to be no answer to the question; what it used stays."""
    ModelCall.objects.move(call_id, Status.OK, status, error=redact(error))


def tools_used(call_id: int, tools: Sequence[dict[str, Any]]) -> None:
    """Write down the tools that this call's answer asked for, and what they said."""
    ModelCall.objects.filter(pk=call_id).update(tools=list(tools))


def release_lost() -> int:
    """Give back what was set aside for calls whose worker is gone; return how many."""
    gone = ModelCall.objects.filter(status=Status.UNDER_WAY, set_aside_until__lt=Now())
    why = "Its worker was lost; what it used is not known."
    return sum(
        ModelCall.objects.filter(set_aside_until__lt=Now()).move(pk, Status.UNDER_WAY, Status.LOST, error=why, **FREE)  # type: ignore[attr-defined]
        for pk in gone.values_list("pk", flat=True)
    )


def spent(budget: ModelBudget, now: datetime | None = None) -> Spent:
    """What the calls of the budget's scope used in its present period."""
    calls = ModelCall.objects.filter(at__gte=begun(budget.period, now or timezone.now())).exclude(status=Status.REFUSED)
    if budget.application_id is not None:
        calls = calls.filter(application=budget.application_id)
    if budget.specialist:
        calls = calls.filter(specialist=budget.specialist)
    return total(calls)


def with_spent(rows: QuerySet[ModelBudget], now: datetime | None = None) -> QuerySet[ModelBudget]:
    """Each budget with what `spent` says of it, as `spent_tokens`, `spent_money` and `spent_calls`: one question for all."""
    now = now or timezone.now()
    day, month = (Value(begun(period, now), output_field=DateTimeField()) for period in ModelBudget.Period.values)
    since = Case(When(period=ModelBudget.Period.DAY, then=day), default=month)
    return rows.annotate(since=since).annotate(
        spent_tokens=Coalesce(_sum_of(Sum(F("tokens_in") + F("tokens_out"))), 0),
        spent_money=Coalesce(_sum_of(Sum("cost")), Value(Decimal(0)), output_field=MONEY),
        spent_calls=Coalesce(_sum_of(Count("pk")), 0),
    )


def total(calls: QuerySet[ModelCall]) -> Spent:
    """What these calls used together."""
    alive = Q(status=Status.UNDER_WAY, set_aside_until__gt=Now())
    found = calls.order_by().aggregate(
        tokens=Coalesce(Sum(F("tokens_in") + F("tokens_out")), 0),
        money=Coalesce(Sum("cost"), Value(Decimal(0)), output_field=MONEY),
        calls=Count("pk", filter=~Q(status=Status.REFUSED)),
        tokens_aside=Coalesce(Sum(Case(When(alive, then="set_aside_tokens"), default=0)), 0),
        money_aside=Coalesce(Sum("set_aside_cost", filter=alive), Value(Decimal(0)), output_field=MONEY),
    )
    return Spent(**found)


def begun(period: str, now: datetime) -> datetime:
    """When the period of this moment began, in Timonel's time zone."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.replace(day=1) if period == ModelBudget.Period.MONTH else midnight


FREE: dict[str, Any] = {"set_aside_tokens": 0, "set_aside_cost": Decimal(0), "set_aside_until": None}


def _sum_of(figure: Sum | Count) -> Subquery:
    """The figure over the calls of the outer budget's scope and period."""
    number, text = BigIntegerField(), CharField()
    scope = {"of": ExpressionWrapper(OuterRef("application"), number), "by": ExpressionWrapper(OuterRef("specialist"), text)}
    calls = ModelCall.objects.exclude(status=Status.REFUSED).filter(at__gte=OuterRef("since")).annotate(**scope).order_by()
    mine = calls.filter(Q(of__isnull=True) | Q(application=F("of"))).filter(Q(by="") | Q(specialist=F("by")))
    return Subquery(mine.annotate(all=Value(1)).values("all").annotate(figure=figure).values("figure"))


def _scoped(application: int | None, specialist: str) -> QuerySet[ModelBudget]:
    """The budgets that such a call is part of."""
    everything = Q(application__isnull=True, specialist="")
    mine = Q(application=application) if application is not None else Q(pk__in=[])
    return ModelBudget.objects.filter(everything | mine | (Q(specialist=specialist) if specialist else Q(pk__in=[])))


def _aside(need: Need) -> dict[str, Any]:
    return {
        "set_aside_tokens": need.tokens_in + need.tokens_out,
        "set_aside_cost": need.endpoint.cost(need.tokens_in, need.tokens_out),
        "set_aside_until": timezone.now() + timedelta(seconds=need.seconds) + GRACE,
    }


def _refusal(budget: ModelBudget, need: Need) -> str:
    """Why the budget has no room for it, or nothing."""
    used, aside = spent(budget), _aside(need)
    over = {
        "tokens": (used.tokens + used.tokens_aside + aside["set_aside_tokens"], budget.tokens),
        "dollars": (used.money + used.money_aside + aside["set_aside_cost"], budget.money),
        "calls": (used.calls + 1, budget.calls),
    }
    short = [unit for unit, (wanted, limit) in over.items() if limit is not None and wanted > limit]
    return f"The budget of {budget} has too few {' and '.join(short)} left." if short else ""
