"""Runs, and their story line by line."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from agents import queries, runs, search
from agents.models import Run
from agents.terminal.codes import code_of
from controlplane.api import story
from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import EventsQuery, RunsQuery
from controlplane.api.idempotency import answer, once
from controlplane.api.serializers import EventsSerializer, RunDetailSerializer, RunSerializer
from controlplane.api.story import Story
from controlplane.core.actors import Actor
from controlplane.core.connections import give_back

LOOK_EVERY = 0.25  # seconds
MOST_WAITS = 64
_waits = BoundedSemaphore(MOST_WAITS)
FILTERS = {
    "status": "status",
    "workflow": "workflow",
    "by": "requested_by_label__startswith",
    "application": "environment__application__name",
    "environment": "environment__name",
}


class Runs(Endpoint):
    """The runs that may be seen."""

    @operation("List runs", page_of(RunSerializer), query=RunsQuery)
    def get(self, request: Request) -> Response:
        """Newest first; with `q`, those that said these words lately."""
        rows = queries.runs_for(self.actor)
        if "q" in self.given:
            found = search.find(rows, self.given["q"], timezone.now() - search.LATELY)
            rows = rows.filter(pk__in=list(found.best))
        return listed(self, rows, RunSerializer, FILTERS)


class OneRun(Endpoint):
    """One run."""

    @operation("Show a run", RunDetailSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """With its steps and their evidence, and what it proposed and deployed."""
        return Response(RunDetailSerializer(queries.run_detail(self.actor, number)).data)


class Events(Endpoint):
    """The story of a run."""

    renderer_classes = (JSONRenderer, Story)

    @operation(
        "Read the story of a run",
        {200: EventsSerializer, (200, "text/plain"): OpenApiTypes.STR},
        errors=(404,),
        query=EventsQuery,
    )
    def get(self, request: Request, number: int) -> Response:
        """The lines after number `after`; with `wait`, as soon as there are any or the run has ended.

        As text/plain for scripts: the lines alone; the rest is in the headers Timonel-Last, -Status, -Ended and -Exit-Code.
        """
        queries.run_for(self.actor, number)  # refuse before waiting
        _wait_for_news(number, self.given["after"], self.given["wait"])
        told = _told(self, number)
        return Response(EventsSerializer(told).data, headers=story.headers(told))


class Cancel(Endpoint):
    """The end of a run before its end."""

    @operation("Cancel a run", {202: RunSerializer}, errors=(403, 404, 409), key="optional")
    def post(self, request: Request, number: int) -> Response:
        """Its worker and the worker's children are told; it cleans up after itself."""
        return _once(self, number, runs.cancel)


class Retry(Endpoint):
    """Another attempt at what failed."""

    @operation("Retry a run", {202: RunSerializer}, errors=(403, 404, 409), key="optional")
    def post(self, request: Request, number: int) -> Response:
        """What succeeded is not done again."""
        return _once(self, number, runs.retry)


def _once(view: Endpoint, number: int, do: Callable[[Actor, Run], Run]) -> Response:
    def act(_: str) -> Response:
        return answer(RunSerializer(do(view.actor, queries.run_for(view.actor, number))).data, 202)

    return once(view.request, act, required=False)


def _told(view: Endpoint, number: int) -> dict[str, Any]:
    """The lines, and how the run stands once they are all told."""
    run = queries.run_for(view.actor, number)
    events = queries.events_after(view.actor, number, view.given["after"], limit=view.given["limit"])
    last = events[-1].number if events else view.given["after"]
    all_told = last >= run.last_event
    settled = all_told and run.status in (*Run.ENDED, Run.Status.WAITING, Run.Status.STUCK)
    ended = all_told and run.status in Run.ENDED
    code = code_of(run) if settled else None
    return {"events": events, "last": last, "status": run.status, "ended": ended, "exit_code": code}


def _wait_for_news(number: int, after: int, seconds: float) -> None:
    """Return when there is a later line, the run has ended, or time is up; hold no connection meanwhile.

    Each wait holds a thread: beyond MOST_WAITS of them in this process, nobody waits longer than for one look.
    """
    if not _waits.acquire(blocking=False):
        time.sleep(min(LOOK_EVERY, seconds))
        return
    try:
        _look_until(number, after, time.monotonic() + seconds)
    finally:
        _waits.release()


def _look_until(number: int, after: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        row = Run.objects.filter(pk=number).values_list("last_event", "status").first()
        if row is None or row[0] > after or row[1] in Run.ENDED:
            return
        give_back()
        time.sleep(min(LOOK_EVERY, max(0.0, deadline - time.monotonic())))
