"""What models were used for, by specialist, and how the budgets stand. Rights come with the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, Q, Sum

from agents import budgets
from agents.looks import PERIOD
from agents.models import ModelBudget, ModelCall
from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.permissions import EVERYWHERE, Verb
from workloads import visibility


@dataclass(frozen=True, slots=True)
class Usage:
    """One specialist's calls of the last PERIOD; `failed` are those that brought nothing, whatever the reason."""

    calls: int = 0
    failed: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)
    estimated: bool = False


def by_specialist(actor: Actor, now: datetime) -> dict[str, Usage]:
    """Of the runs that the actor may see, by one question; summaries, which are of no specialist, under an empty name."""
    seen = ModelCall.objects.filter(visibility.within_reach(actor, "run__environment"), at__gte=now - PERIOD)
    calls = seen.exclude(purpose="trial")
    good = Q(status=ModelCall.Status.OK)
    rows = calls.order_by().values("specialist").annotate(
        number=Count("pk"),
        failed=Count("pk", filter=~good & ~Q(status=ModelCall.Status.UNDER_WAY)),
        sent=Sum(F("tokens_in") + F("tokens_out")),
        money=Sum("cost"),
        guessed=Count("pk", filter=Q(estimated=True)),
    )  # fmt: skip
    return {row["specialist"]: Usage(row["number"], row["failed"], row["sent"], row["money"], row["guessed"] > 0) for row in rows}


def limits(actor: Actor) -> list[ModelBudget]:
    """The budgets in force with what is spent, for whoever may see everything: a sum over all applications tells of each."""
    if not rights.may(actor, Verb.VIEW, [EVERYWHERE]):
        return []
    return list(budgets.with_spent(ModelBudget.objects.filter(enabled=True).select_related("application")))
