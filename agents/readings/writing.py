"""A reading is written: taken under a lease, asked for, kept with the facts it names, or with the reason why there is none.

The only writer of a reading's status after it was asked for. A worker that dies leaves it to the next one; at most AT_ONCE are
written at the same time in the whole house, so that models never take the workers from the runs.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import close_old_connections, transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Now
from django.utils import timezone

from agents.llm import endpoints
from agents.llm.asking import ask
from agents.llm.question import Answer
from agents.llm.troubles import NoAnswer
from agents.models import Inquiry, ModelCall, Reading
from agents.readings import inquiring
from agents.readings.asked import WRITE
from agents.readings.kinds import Brief, brief
from agents.readings.shapes import Told
from agents.readings.sifting import sift
from controlplane.core import audit, live, queue
from controlplane.core.actors import Actor

log = logging.getLogger(__name__)
Status = Reading.Status
AT_ONCE = 2
MOST_TRIES = 3
GRACE = timedelta(seconds=30)
WAKE_AGAIN = timedelta(seconds=10)
NO_FACT = "What it wrote named none of the facts that it was shown."


def write(reading_id: int) -> None:
    """Write this reading, unless another does or enough are being written. Raises nothing that a model did."""
    if Reading.objects.filter(status=Status.READING, lease_expires_at__gt=Now()).count() >= AT_ONCE:
        return
    reading = _take(reading_id)
    if reading is None:
        return
    try:
        _write(reading)
    except Exception:
        log.exception("reading %s", reading)
        _finish(reading, Status.NOT_ADDED, why_not="Writing it failed in a way nobody foresaw; the log says more.")
    _wake_next()


def take_up_again() -> int:
    """Wake the readings that have waited for a while, or whose worker is gone; return how many."""
    late = _free().filter(created_at__lt=Now() - WAKE_AGAIN)
    late = late.order_by(Case(When(kind=Reading.Kind.INQUIRY, then=0), default=1), "pk")
    waiting = list(late.values_list("pk", flat=True)[:AT_ONCE])
    for pk in waiting:
        queue.enqueue(WRITE, pk)
    return len(waiting)


def _write(reading: Reading) -> None:
    if reading.fence > MOST_TRIES:
        _finish(reading, Status.NOT_ADDED, why_not=f"{MOST_TRIES} workers in a row were lost over it.")
        return
    if reading.kind == Reading.Kind.INQUIRY:
        inquiring.write(reading, partial(_finish, reading))
        return
    asked = brief(reading)
    close_old_connections()
    answer = ask(asked.question)
    if answer.value is None:
        _finish(reading, Status.NOT_ADDED, answer.calls, why_not=answer.why_not)
        return
    assert isinstance(answer.value, Told)
    _keep(reading, asked, answer, answer.value)


def _keep(reading: Reading, asked: Brief, answer: Answer, told: Told) -> None:
    """What it wrote, with those of its facts that exist, and what of it was not kept. A text without any fact is not kept."""
    kept = sift(told, asked.gathered.facts)
    said: dict[str, Any] = {"left_out": asked.gathered.left_out, "not_kept": kept.not_kept}
    if not kept.rests:
        _finish(reading, Status.NOT_ADDED, answer.calls, why_not=NO_FACT, **said)
        return
    _finish(reading, Status.WRITTEN, answer.calls, text=told.text, risks=kept.risks, facts=kept.facts, **said)


def _free() -> QuerySet[Reading]:
    return Reading.objects.filter(Q(status=Status.QUEUED) | Q(status=Status.READING, lease_expires_at__lt=Now()))


def _take(reading_id: int) -> Reading | None:
    """The reading, for as long as its endpoint's time lasts; None when it is not free."""
    found = _free().filter(pk=reading_id).first()
    if found is None:
        return None
    looking = inquiring.SECONDS if found.kind == Reading.Kind.INQUIRY else 0
    until = timezone.now() + timedelta(seconds=_seconds(found.specialist) + looking) + GRACE
    taken = _free().filter(pk=reading_id).update(status=Status.READING, lease_expires_at=until, fence=F("fence") + 1)
    if not taken:
        return None
    _ring(found)
    return Reading.objects.select_related("run", "change").get(pk=reading_id)


def _seconds(specialist: str) -> int:
    try:
        return endpoints.choose(specialist).timeout_seconds
    except NoAnswer:
        return 0


def _finish(
    reading: Reading, status: str, calls: tuple[int, ...] = (), *, inquiry: dict[str, Any] | None = None, **kept: Any
) -> None:
    """End it, unless another worker has it by now or it was cancelled. `inquiry`: what that keeps besides."""
    with transaction.atomic():
        last = ModelCall.objects.filter(pk__in=calls).order_by("-pk").first()
        origin: dict[str, Any] = {"endpoint_id": last.endpoint_id, "model": last.model} if last else {}
        mine = Reading.objects.filter(fence=reading.fence)
        done = {"finished_at": timezone.now(), "lease_expires_at": None, **origin, **kept}
        if not mine.move(reading.pk, Status.READING, status, **done):  # type: ignore[attr-defined]
            return
        reading.calls.set(calls)
        if inquiry:
            Inquiry.objects.filter(reading=reading).update(**inquiry)
        after = {"status": status, "calls": list(calls), **{name: kept[name] for name in ("why_not",) if name in kept}}
        audit.record(Actor.system(f"model {last.model}" if last else "readings"), f"reading.{status}", reading, after=after)
        _ring(reading)


def _wake_next() -> None:
    """A person waits for an inquiry, nobody for the others."""
    waiting = Reading.objects.filter(status=Status.QUEUED)
    following = waiting.filter(kind=Reading.Kind.INQUIRY).order_by("pk").first() or waiting.order_by("pk").first()
    if following is not None:
        queue.enqueue(WRITE, following.pk)


def _ring(reading: Reading) -> None:
    if reading.run_id is not None:
        live.ring(f"run-{reading.run_id}", run=reading.run_id, reading=reading.pk)
    if reading.change_id is not None:
        live.ring(f"change-{reading.change_id}", change=reading.change_id, reading=reading.pk)
    if reading.kind == Reading.Kind.INQUIRY:
        inquiring.ring(reading)
