"""Background work of the foundation."""

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from controlplane.core import heads, queue, signing, verification
from controlplane.core.models import IdempotentAnswer

log = logging.getLogger(__name__)
ANSWERS_KEPT = timedelta(days=7)


@shared_task(name="core.relay_outbox", ignore_result=True)
def relay_outbox() -> None:
    """Send what waits in the outbox."""
    queue.relay()


@shared_task(name="core.forget", ignore_result=True)
def forget() -> None:
    """Keep the outbox and the answers to idempotency keys small: what was sent or answered long ago is asked for no more."""
    queue.forget_sent()
    IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()


@shared_task(name="core.export_audit_head", ignore_result=True)
def export_audit_head() -> None:
    """Sign the end of the audit's chain and write it outside the database, where there is a key to sign with."""
    if settings.AUDIT_KEYS:
        heads.export()
    else:
        log.warning("the end of the audit is not signed: %s", signing.NO_KEY)


@shared_task(name="core.verify_audit", ignore_result=True)
def verify_audit(verification_id: int) -> None:
    """Walk the chain and write down what was found."""
    verification.run(verification_id)


@shared_task(name="core.verify_audit_nightly", ignore_result=True)
def verify_audit_nightly() -> None:
    """Ask for a proof once a night."""
    verification.ask(verification.SCHEDULE)
