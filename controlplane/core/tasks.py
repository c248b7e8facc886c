"""Background work of the foundation."""

from celery import shared_task

from controlplane.core import queue


@shared_task(name="core.relay_outbox", ignore_result=True)
def relay_outbox() -> None:
    """Send what waits in the outbox."""
    queue.relay()


@shared_task(name="core.forget_sent", ignore_result=True)
def forget_sent() -> None:
    """Keep the outbox small."""
    queue.forget_sent()
