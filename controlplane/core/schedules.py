"""When a schedule will run next, as the scheduler itself would reckon it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from celery.schedules import schedule as every
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

COUNT = 10
LEAST = timedelta(seconds=1)


def next_runs(task: PeriodicTask, now: datetime, count: int = COUNT) -> list[datetime]:
    """The next runs of a task, soonest first, in the zone of its schedule; empty when it is off or over."""
    if not task.enabled:
        return []
    begin = max(now, task.start_time) if task.start_time else now
    runs = _runs(task.schedule, begin, task.last_run_at, 1 if task.one_off else count)
    return [run for run in runs if task.expires is None or run <= task.expires]


def _runs(schedule: Any, begin: datetime, last: datetime | None, count: int) -> list[datetime]:
    if hasattr(schedule, "clocked_time"):
        return [schedule.clocked_time] if schedule.clocked_time >= begin else []
    if isinstance(schedule, every):
        first = max(begin, last + schedule.run_every) if last else begin
        return [timezone.localtime(first + schedule.run_every * number) for number in range(count)]
    return _by_calendar(schedule, begin, count)


def _by_calendar(schedule: Any, begin: datetime, count: int) -> list[datetime]:
    """Ask the schedule again and again, each time as if it were the moment of the run before."""
    moment = begin.astimezone(schedule.tz)
    found: list[datetime] = []
    schedule.nowfun = lambda: moment
    while len(found) < count:
        ahead = schedule.remaining_estimate(moment)
        moment = (moment.astimezone(UTC) + max(ahead, LEAST)).astimezone(schedule.tz)  # it says elapsed time
        found.append(moment)
    return found
