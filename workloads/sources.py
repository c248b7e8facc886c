"""Who may send webhooks: found by name, their keys made and changed."""

from __future__ import annotations

import base64
import secrets as randomness
from datetime import timedelta

from django.db import models, transaction
from django.utils import timezone

from controlplane.core import audit, rights
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from workloads.models import WebhookSource

FORMER_KEPT = timedelta(hours=24)  # both keys are good while the sender is given the new one
KEY_BYTES = 32


def known(name: str) -> WebhookSource | None:
    """The source of this name, if it is switched on."""
    return WebhookSource.objects.filter(name=name, enabled=True).select_related("application").first()


def secrets_of(source: WebhookSource) -> list[str]:
    """The keys it may prove itself with now: the present one, and the former until its time is over."""
    former = source.former_secret if source.former_until and source.former_until > timezone.now() else None
    return [secret for secret in (source.secret, former) if secret]


def new_secret() -> str:
    """A key that is good for every kind: no spaces or commas; in the form that GitLab asks of a signing token."""
    return "whsec_" + base64.b64encode(randomness.token_bytes(KEY_BYTES)).decode()


def change_secret(actor: Actor, source: WebhookSource, secret: str = "") -> str:
    """Give it another key (a new one unless told) and return it: shown once. The former stays good for a day."""
    made = secret or new_secret()
    with transaction.atomic():
        held = WebhookSource.objects.select_for_update(of=("self",)).get(pk=source.pk)
        until = timezone.now() + FORMER_KEPT
        WebhookSource.objects.filter(pk=held.pk).update(secret=made, former_secret=held.secret, former_until=until)
        audit.record(actor, "webhooksource.change_secret", held, after={"former_until": until.isoformat()})
    source.refresh_from_db()
    return made


def forget_former(actor: Actor, source: WebhookSource) -> None:
    """End the former key now, as after a leak."""
    with transaction.atomic():
        if WebhookSource.objects.filter(pk=source.pk, former_secret__isnull=False).update(former_secret=None, former_until=None):
            audit.record(actor, "webhooksource.forget_former_secret", source)


def visible(actor: Actor) -> models.QuerySet[WebhookSource]:
    """The sources whose deliveries the actor may see: of the applications they administer, or all of them."""
    reach = rights.reach(actor, Verb.ADMINISTER)
    rows = WebhookSource.objects.select_related("application")
    return rows if reach.everywhere else rows.filter(application__in=reach.applications)
