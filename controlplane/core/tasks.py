"""Background work of the foundation."""

import logging

from celery import shared_task
from django.conf import settings

from controlplane.core import heads, queue, signing, verification

log = logging.getLogger(__name__)


@shared_task(name="core.relay_outbox", ignore_result=True)
def relay_outbox() -> None:
    """Send what waits in the outbox."""
    queue.relay()


@shared_task(name="core.forget_sent", ignore_result=True)
def forget_sent() -> None:
    """Keep the outbox small."""
    queue.forget_sent()


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
