"""Deliveries of webhooks: written down once, handled once, shown to who administers, forgotten after a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from controlplane.core import audit, queue, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict
from controlplane.core.permissions import Verb
from controlplane.core.redaction import redact_value
from workloads.hooks.globs import split
from workloads.hooks.matching import Rule
from workloads.hooks.news import News
from workloads.hooks.signatures import TRIED_AGAIN, Proof
from workloads.models import Environment, WebhookDelivery, WebhookRule, WebhookSource

Status = WebhookDelivery.Status
KEPT = timedelta(days=90)
LOST_AFTER = timedelta(seconds=15)
MOST_ATTEMPTS = 5
SHOWN = 20  # alerts that the facts of a delivery have, for people
ENDED = (Status.HANDLED, Status.IGNORED, Status.FAILED)


def actor_of(source: WebhookSource) -> Actor:
    """In whose name its deliveries act."""
    return Actor.system(f"webhook {source.name}")


def receive(actor: Actor, source: WebhookSource, proof: Proof, body_sha256: str, news: News) -> tuple[WebhookDelivery, bool]:
    """Write a proved delivery down and have it handled; a repeat, by its name or by its content, finds the first one."""
    with transaction.atomic():
        known = _known(source, proof)
        if known is not None:
            return known, False
        try:
            with transaction.atomic():
                delivery = _create(source, proof, body_sha256, news)
        except IntegrityError:  # the same came twice at once
            return WebhookDelivery.objects.get(_same(source, proof)), False
        audit.record(actor, "webhook.receive", delivery, after={"source": source.name, "event": news.event, "commit": news.commit})
        queue.enqueue("agents.react", delivery.pk)
    return delivery, True


def _known(source: WebhookSource, proof: Proof) -> WebhookDelivery | None:
    return WebhookDelivery.objects.filter(_same(source, proof)).first()


def _same(source: WebhookSource, proof: Proof) -> models.Q:
    same = models.Q(delivery_id=proof.delivery) | models.Q(proved_sha256=proof.digest)
    if proof.before:
        just_now = timezone.now() - timedelta(seconds=TRIED_AGAIN)
        same |= models.Q(proved_sha256=proof.before, received_at__gt=just_now)
    return models.Q(source=source) & same


def _create(source: WebhookSource, proof: Proof, body_sha256: str, news: News) -> WebhookDelivery:
    alerts = [alert.as_json() for alert in news.alerts]  # redacted one by one as they were read
    return WebhookDelivery.objects.create(
        source=source,
        delivery_id=proof.delivery,
        proved_sha256=proof.digest,
        body_sha256=body_sha256,
        event=proof.event[:60],
        facts=redact_value(replace(news, alerts=()).as_json()) | {"alerts": alerts[:SHOWN], "told": len(alerts)},
        alerts=alerts,
    )


def news_of(delivery: WebhookDelivery) -> News:
    """What a delivery said, with all of its alerts."""
    facts = {name: value for name, value in delivery.facts.items() if name != "told"}
    return News.of(facts | {"alerts": delivery.alerts or facts["alerts"]})


def take(delivery_id: int) -> WebhookDelivery | None:
    """The delivery, locked, if it still waits to be handled; inside the transaction that handles it."""
    rows = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("source__application")
    return rows.filter(pk=delivery_id, status=Status.RECEIVED).first()


def count_attempt(delivery_id: int) -> int:
    """Count a try, by itself, so that one that kills its worker is counted too; return which it is."""
    rows = WebhookDelivery.objects.filter(pk=delivery_id, status=Status.RECEIVED)
    rows.update(attempts=models.F("attempts") + 1, tried_at=timezone.now())
    return WebhookDelivery.objects.filter(pk=delivery_id).values_list("attempts", flat=True).first() or 0


def counted(delivery: WebhookDelivery, environment_id: int) -> bool:
    """Whether its alerts were counted there before; from now on they were. Inside the transaction that counts them."""
    known = environment_id in delivery.counted_in
    if not known:
        delivery.counted_in = [*delivery.counted_in, environment_id]
        delivery.save(update_fields=["counted_in"])
    return known


def conclude(actor: Actor, delivery: WebhookDelivery, status: str, outcome: Sequence[dict[str, Any]]) -> None:
    """Write down what came of it."""
    told = redact_value(list(outcome))
    if WebhookDelivery.objects.move(delivery.pk, Status.RECEIVED, status, outcome=told, handled_at=timezone.now()):
        audit.record(actor, "webhook.handle", delivery, after={"status": status, "outcome": told})


def handle_again(actor: Actor, delivery: WebhookDelivery) -> None:
    """Have it handled by the rules of now. What it began before is found again, not begun twice."""
    rights.demand(actor, Verb.RUN, delivery.source.scopes, f"deliveries of {delivery.source}")
    with transaction.atomic():
        if not WebhookDelivery.objects.move(delivery.pk, ENDED, Status.RECEIVED, attempts=0, tried_at=timezone.now()):
            raise Conflict("This delivery is being handled right now.", cure="Reload to see what comes of it.")
        audit.record(actor, "webhook.handle_again", delivery, before={"status": delivery.status})
        queue.enqueue("agents.react", delivery.pk)


def lost(limit: int = 100) -> list[int]:
    """Those that wait although their message should long have come: it was lost, or its worker was."""
    now = timezone.now()
    rows = WebhookDelivery.objects.filter(status=Status.RECEIVED, received_at__lt=now - LOST_AFTER)
    idle = rows.filter(models.Q(tried_at__isnull=True) | models.Q(tried_at__lt=now - LOST_AFTER))
    return list(idle.order_by("received_at").values_list("pk", flat=True)[:limit])


def forget_old() -> int:
    """Delete deliveries whose time is over; return how many. A replay after that still finds the run it began."""
    old = WebhookDelivery.objects.filter(received_at__lt=timezone.now() - KEPT, status__in=ENDED)
    return old.delete()[0]


def rules_of(source: WebhookSource) -> list[Rule]:
    """The rules of a source as matching reads them. One that reaches beyond the source's application is not read."""
    rows = WebhookRule.objects.filter(source=source).select_related("environment__target").order_by("position", "pk")
    if source.application_id is not None:
        rows = rows.filter(models.Q(environment__isnull=True) | models.Q(environment__application=source.application_id))
    return [_rule(row) for row in rows]


def _rule(row: WebhookRule) -> Rule:
    return Rule(
        number=row.pk,
        label=f"Rule {row.position}",
        event=row.event,
        effect=row.effect,
        environment=row.environment_id,
        refs=split(row.refs),
        include=split(row.include),
        exclude=split(row.exclude),
        namespaces=split(row.namespaces) or _own_namespace(row.environment),
    )


def _own_namespace(environment: Environment | None) -> tuple[str, ...]:
    """Where an environment is on a cluster: what other namespaces tell is not about it unless its rule says so."""
    target = getattr(environment, "target", None) if environment is not None else None
    on_cluster = environment is not None and environment.driver == Environment.Driver.KUBERNETES
    return (target.namespace,) if target is not None and on_cluster else ()


def visible(actor: Actor) -> models.QuerySet[WebhookDelivery]:
    """The deliveries that the actor may see: of the applications they administer, or all of them."""
    reach = rights.reach(actor, Verb.ADMINISTER)
    rows = WebhookDelivery.objects.select_related("source__application").defer("alerts")
    return rows if reach.everywhere else rows.filter(source__application__in=reach.applications)
