"""Budgets: never overspent by calls at the same moment, and what is shown as spent is the sum of the recorded calls."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Sum
from django.test import Client
from django.utils import timezone

from agents import budgets
from agents.budgets import Need, Spent, Use
from agents.llm.asking import ask
from agents.models import ModelBudget, ModelCall, ModelEndpoint, Run
from controlplane.core.models import User
from tests.agents.llm.test_asking import question
from tests.agents.model_server import Asked, ModelServer, Mood
from workloads.models import Application, Environment


def need(endpoint: ModelEndpoint, tokens: int = 100, **more: object) -> Need:
    given = {"purpose": "summary", "specialist": "", "run": None, "prompt": "x@1", "seconds": 5.0} | more
    return Need(endpoint=endpoint, tokens_in=tokens, tokens_out=0, **given)  # type: ignore[arg-type]


def together(work: Callable[[int], object], number: int) -> None:
    def one(n: int) -> None:
        try:
            work(n)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def recorded() -> tuple[int, Decimal, int]:
    made = ModelCall.objects.exclude(status="refused_by_budget")
    sums = made.aggregate(tokens=Sum(F("tokens_in") + F("tokens_out")), cost=Sum("cost"))
    return sums["tokens"] or 0, sums["cost"] or Decimal(0), made.count()


def test_calls_at_the_same_moment_add_up_to_the_token(
    server: ModelServer, endpoint: ModelEndpoint, admin: User, client: Client
) -> None:
    chance = random.Random(7)
    lock = threading.Lock()

    def answer(asked: Asked) -> Mood:
        with lock:
            usage = (chance.randrange(50, 400), chance.randrange(1, 90))
            kind = chance.choice(["say", "say", "say", "broken", "status"])
        if kind == "status":
            return Mood("status", status=400)
        return Mood(text='{"text": "yes"}' if kind == "say" else "no", usage=usage)

    server.answering = answer
    ModelEndpoint.objects.update(timeout_seconds=60, stall_seconds=60)
    budget = ModelBudget.objects.create(tokens=1_000_000, period="day")
    together(lambda n: (ask(question()), ask(question()), ask(question())), 6)
    server.answering = None
    spent = budgets.spent(budget)
    told = sum(sent + answered for sent, answered in server.reported)
    assert told > 1_000
    assert (spent.tokens, spent.money, spent.calls) == recorded()
    assert spent.tokens == told
    assert spent.money == sum(endpoint.cost(*usage) for usage in server.reported) * Decimal(1)
    assert (spent.tokens_aside, spent.money_aside) == (0, Decimal(0))
    client.force_login(admin)
    assert f"{told:,}" in client.get("/specialists/").content.decode()
    assert f"{told}" in client.get("/admin/agents/modelbudget/").content.decode().replace(",", "")
    assert client.get("/api/v1/model-budgets").json()["results"][0]["spent"]["tokens"] == told


def test_parallel_calls_cannot_overspend(endpoint: ModelEndpoint) -> None:
    budget = ModelBudget.objects.create(tokens=1_000, period="day")
    made: list[ModelCall] = []
    together(lambda n: made.append(budgets.reserve(need(endpoint, 100))), 25)
    held = [call for call in made if call.status == "under_way"]
    assert len(held) == 10
    assert budgets.spent(budget).tokens_aside == 1_000
    assert all("too few tokens" in call.error for call in made if call not in held)
    for call in held:
        budgets.settle(call, Use("ok", 70, 20))
    spent = budgets.spent(budget)
    assert (spent.tokens, spent.tokens_aside, spent.calls) == (900, 0, 10)
    assert budgets.reserve(need(endpoint, 100)).status == "under_way"
    assert budgets.reserve(need(endpoint, 1)).status == "refused_by_budget"


@pytest.mark.parametrize(
    ("limit", "unit"), [({"tokens": 99}, "tokens"), ({"money": Decimal("0.00")}, "dollars"), ({"calls": 0}, "calls")]
)
def test_each_kind_of_limit_refuses_before_anything_is_sent(
    limit: dict[str, object], unit: str, endpoint: ModelEndpoint, server: ModelServer
) -> None:
    ModelBudget.objects.create(**limit)
    answer = ask(question())
    assert answer.value is None
    assert f"too few {unit} left" in answer.why_not
    assert server.asked == []
    assert ModelCall.objects.get().status == "refused_by_budget"
    assert ModelCall.objects.get().cost == 0


def test_a_dead_workers_share_is_given_back(endpoint: ModelEndpoint) -> None:
    budget = ModelBudget.objects.create(tokens=100)
    dead = budgets.reserve(need(endpoint, 100))
    assert budgets.reserve(need(endpoint, 1)).status == "refused_by_budget"
    ModelCall.objects.filter(pk=dead.pk).update(set_aside_until=timezone.now() - timedelta(seconds=1))
    assert budgets.spent(budget).tokens_aside == 0  # at once, before anybody tidies up
    assert budgets.release_lost() == 1
    dead.refresh_from_db()
    assert (dead.status, dead.set_aside_tokens, dead.tokens) == ("lost", 0, 0)
    assert budgets.reserve(need(endpoint, 100)).status == "under_way"


def test_who_was_given_up_too_early_still_says_what_it_used(endpoint: ModelEndpoint) -> None:
    budget = ModelBudget.objects.create(tokens=1_000)
    slow = budgets.reserve(need(endpoint, 100))
    ModelCall.objects.update(set_aside_until=timezone.now() - timedelta(seconds=1))
    budgets.release_lost()
    budgets.settle(slow, Use("ok", 60, 6))
    budgets.settle(slow, Use("ok", 60, 6))  # twice is once
    assert budgets.spent(budget).tokens == 66


def test_a_scope_counts_its_own_calls(endpoint: ModelEndpoint, environment_of_shop: Environment) -> None:
    run = Run.objects.create(
        workflow="deploy", environment=environment_of_shop, requested_by_label="x", idempotency_key="k", status="queued"
    )
    everything = ModelBudget.objects.create(tokens=10_000)
    shop = ModelBudget.objects.create(application=environment_of_shop.application, tokens=10_000)
    security = ModelBudget.objects.create(specialist="security", tokens=10_000)
    for more in ({}, {"run": run.pk}, {"run": run.pk, "specialist": "security"}):
        budgets.settle(budgets.reserve(need(endpoint, 1, **more)), Use("ok", 10, 1))
    budgets.reserve(need(endpoint, 5))
    assert [budgets.spent(one).tokens for one in (everything, shop, security)] == [33, 22, 11]
    for one in budgets.with_spent(ModelBudget.objects.all()):
        spent: Any = one
        assert Spent(spent.spent_tokens, spent.spent_money, spent.spent_calls) == replace(
            budgets.spent(one), tokens_aside=0, money_aside=Decimal(0)
        )


def test_a_period_begins_where_timonel_is(endpoint: ModelEndpoint) -> None:
    with timezone.override("Europe/Madrid"):
        now = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)  # the first of April there
        assert budgets.begun("day", now) == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
        assert budgets.begun("month", now) == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
        assert budgets.begun("month", datetime(2026, 3, 31, 21, 0, tzinfo=UTC)) == datetime(2026, 2, 28, 23, 0, tzinfo=UTC)


@pytest.fixture
def environment_of_shop(transactional_db: None) -> Environment:
    return Environment.objects.create(application=Application.objects.create(name="shop", repository="/x"), name="local")


def test_tokens_that_nobody_counted_are_estimated_and_marked(server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.says({"text": "yes"}, usage=None)
    ask(question())
    call = ModelCall.objects.get()
    assert call.estimated
    assert call.tokens_in > 30
    assert call.tokens_out > 3


@pytest.mark.parametrize("usage", [(-5, 10), (10**19, 1), (0, 0)])
def test_a_count_that_cannot_be_true_is_not_believed(usage: tuple[int, int], server: ModelServer, endpoint: ModelEndpoint) -> None:
    server.says({"text": "yes"}, usage=usage)
    assert ask(question()).value is not None
    assert ModelCall.objects.get().estimated
