"""Reactions: what follows from a delivery of a webhook, by the rules of its source. Done once, however often it is asked for.

Everything is one transaction: runs asked for, alerts taken, the outcome written down. What it began is found again by a key made of
what the sender proved, so that neither a replay nor a second handling begins it twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction

from agents import pushes, runs
from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from workloads import alerts, deliveries, refs, statuses
from workloads.hooks.matching import DEPLOY, INCIDENT, NOTE, Follows, decide, speaks_for
from workloads.hooks.news import News
from workloads.models import Environment, WebhookDelivery

log = logging.getLogger(__name__)
GIVEN_UP = "It was tried {} times and failed each time. The workers' log says why; mend that, then handle it again."
MOST_NAMED = 200  # incidents that an outcome names
Did = dict[str, Any]


def react(delivery_id: int) -> None:
    """Handle a delivery that waits; a repeat finds nothing to do. Whatever fails is tried again, and given up after five times."""
    attempt = deliveries.count_attempt(delivery_id)
    with transaction.atomic():
        delivery = deliveries.take(delivery_id)
        if delivery is None:
            return
        actor = deliveries.actor_of(delivery.source)
        if attempt > deliveries.MOST_ATTEMPTS:
            said = GIVEN_UP.format(deliveries.MOST_ATTEMPTS)
            deliveries.conclude(actor, delivery, WebhookDelivery.Status.FAILED, [{"effect": "failed", "said": said}])
            return
        news = deliveries.news_of(delivery)
        found = decide(news, deliveries.rules_of(delivery.source), delivery.source.repository)
        alerts.lock(one.environment for one in found if one.effect == INCIDENT and one.environment is not None)
        outcome = [_do(actor, delivery, news, follows) for follows in found]
        outcome += _read_again(actor, delivery, news)
        deliveries.conclude(actor, delivery, _status_of(outcome), outcome)


def _read_again(actor: Actor, delivery: WebhookDelivery, news: News) -> list[Did]:
    """The sources of knowledge that read what was pushed are read anew, whatever the rules say."""
    if not speaks_for(news, delivery.source.repository):
        return []
    names = pushes.tell(actor, news)
    said = f"The knowledge base reads it anew: {', '.join(names)}."
    return [{"rule": None, "environment": None, "effect": NOTE, "said": said}] if names else []


def _do(actor: Actor, delivery: WebhookDelivery, news: News, follows: Follows) -> Did:
    """One effect; what is refused in our own words is what came of it, and the others still happen."""
    told: Did = {"rule": follows.rule, "environment": follows.environment, "effect": follows.effect, "said": follows.said}
    effect = EFFECTS.get(follows.effect)
    if effect is None or follows.environment is None:
        return told
    environment = Environment.objects.select_related("application").get(pk=follows.environment)
    told["where"] = str(environment)
    try:
        with transaction.atomic():
            return told | effect(actor, delivery, news, environment, follows)
    except TimonelError as error:
        return told | {"effect": "failed", "said": f"{follows.said} {error}"}


def _deploy(actor: Actor, delivery: WebhookDelivery, news: News, environment: Environment, follows: Follows) -> Did:
    """A run of exactly this commit, and a word to the forge that it was asked for."""
    asked = {"ref": news.commit, "named": news.ref if news.tag else refs.short(news.commit), "delivery": delivery.pk}
    run = runs.start(actor, environment, "deploy", asked, idempotency_key=key_of(delivery, environment))
    statuses.want(delivery.source, news, environment, run.pk)
    return {"run": run.pk}


def key_of(delivery: WebhookDelivery, environment: Environment) -> str:
    """The same for whatever proves to be this delivery, even when its row is gone."""
    return f"hook-{delivery.source_id}-{delivery.proved_sha256[:40]}-{environment.pk}"


def _incidents(actor: Actor, delivery: WebhookDelivery, news: News, environment: Environment, follows: Follows) -> Did:
    """Its alerts open, continue or end the incidents of their causes."""
    counts = not deliveries.counted(delivery, environment.pk)
    brought = alerts.Delivered(
        environment, delivery.source, delivery.pk, delivery.received_at, follows.alerts, dict(news.groups), counts
    )
    taken = alerts.take(actor, brought)
    told = {"alerts": taken.turns, "opened": list(taken.opened[:MOST_NAMED]), "incidents": list(taken.incidents[:MOST_NAMED])}
    return {**told, "said": f"{follows.said} {_summed(taken)}"}


def _summed(taken: alerts.Taken) -> str:
    """How many alerts of each turn, in how many incidents."""
    parts = ", ".join(f"{many} {turn}" for turn, many in taken.turns.items())
    return f"Alerts: {parts}; in {len(taken.incidents)} incidents, of which {len(taken.opened)} opened."


EFFECTS: dict[str, Callable[[Actor, WebhookDelivery, News, Environment, Follows], Did]] = {
    DEPLOY: _deploy,
    INCIDENT: _incidents,
}


def _status_of(outcome: list[Did]) -> str:
    did = {one["effect"] for one in outcome}
    if did & {DEPLOY, INCIDENT, NOTE}:
        return WebhookDelivery.Status.HANDLED
    return WebhookDelivery.Status.FAILED if "failed" in did else WebhookDelivery.Status.IGNORED
