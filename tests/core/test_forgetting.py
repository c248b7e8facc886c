"""What is asked for no more is forgotten; what may still be asked for stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from controlplane.core.models import IdempotentAnswer, OutboxMessage, User
from controlplane.core.tasks import forget

pytestmark = pytest.mark.django_db


def test_old_answers_and_sent_messages_go_and_what_was_never_sent_stays() -> None:
    now, person = timezone.now(), User.objects.create_user("ci")
    for days in (1, 8):
        answer = IdempotentAnswer.objects.create(user=person, key=f"{days} days", request_sha256="a" * 64)
        IdempotentAnswer.objects.filter(pk=answer.pk).update(created_at=now - timedelta(days=days))
        OutboxMessage.objects.create(name="sent", arguments=[days], sent_at=now - timedelta(days=days))
    unsent = OutboxMessage.objects.create(name="unsent", arguments=[])
    OutboxMessage.objects.filter(pk=unsent.pk).update(created_at=now - timedelta(days=30))
    forget()
    assert list(IdempotentAnswer.objects.values_list("key", flat=True)) == ["1 days"]
    assert sorted(OutboxMessage.objects.values_list("name", flat=True)) == ["unsent"]
