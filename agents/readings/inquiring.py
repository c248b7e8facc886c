"""An inquiry as a reading: answered under its lease, each step told while it is made, stopped when nobody waits for it any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.translation import override

from agents.investigating import answering, beginning
from agents.llm.question import Watch
from agents.models import Inquiry, Reading
from controlplane.core import live

SECONDS = beginning.SECONDS + 30.0  # that looking takes before a model is asked
LOOK_UP_SECONDS = 1.0  # how often the row is asked whether it is still ours


def write(reading: Reading, finish: Callable[..., None]) -> None:
    """Look, have a model answer, keep what rests on evidence. Without a model, what Timonel found is kept alone."""
    inquiry = Inquiry.objects.select_related("environment__application", "incident").get(reading=reading)

    def told(call: int) -> None:
        if _is_ours(reading):
            reading.calls.add(call)
            ring(reading)

    def begun(found: dict[str, Any]) -> None:
        if _is_ours(reading):
            Inquiry.objects.filter(pk=inquiry.pk).update(**found)
            ring(reading)

    with override(inquiry.language):
        answered = answering.answer(inquiry, Watch(told, _Over(reading)), begun)
    status = Reading.Status.NOT_ADDED if answered.why_not else Reading.Status.WRITTEN
    finish(status, answered.calls, why_not=answered.why_not, inquiry=answered.inquiry, **answered.reading)


def ring(reading: Reading) -> None:
    """Tell the pages of its environment."""
    found = Inquiry.objects.filter(reading=reading).values_list("environment_id", "pk").first()
    if found is not None:
        live.ring(f"environment-{found[0]}", environment=found[0], inquiry=found[1])


class _Over:
    """Whether the row is another's by now, or was cancelled; asked at most once in a while."""

    def __init__(self, reading: Reading) -> None:
        self._reading, self._asked, self._over = reading, 0.0, False

    def __call__(self) -> bool:
        if not self._over and time.monotonic() - self._asked > LOOK_UP_SECONDS:
            self._over, self._asked = not _is_ours(self._reading), time.monotonic()
        return self._over


def _is_ours(reading: Reading) -> bool:
    held = Reading.objects.filter(pk=reading.pk, fence=reading.fence, status=Reading.Status.READING)
    return held.filter(lease_expires_at__gt=timezone.now()).exists()
