"""Background work: Celery beat asks for it, a worker does it."""

from celery import shared_task
from django.utils import timezone

from logbook.models import Visit, Watch

KEPT = 500


@shared_task
def write_watch():
    """Count the harbour and write it down; forget the oldest watches."""
    expected = Visit.objects.expected()
    Watch.objects.create(
        alongside=Visit.objects.alongside().count(),
        expected=expected.count(),
        overdue=expected.filter(due_at__lt=timezone.now()).count(),
    )
    kept = Watch.objects.values_list("pk", flat=True)[:KEPT]
    Watch.objects.exclude(pk__in=list(kept)).delete()
