"""When schedules run next: at their own wall clock, through a change of the hour, and not at all when they are off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from controlplane.core.models import AuditEntry, User
from controlplane.core.schedules import next_runs

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 28, 12, 0, 30, tzinfo=UTC)  # the day before summer time begins in Madrid


def nightly(**more: object) -> PeriodicTask:
    crontab = CrontabSchedule.objects.create(minute="30", hour="4", timezone="Europe/Madrid")
    return PeriodicTask.objects.create(name="nightly", task="core.verify_audit_nightly", crontab=crontab, **more)


def test_a_crontab_keeps_its_wall_clock_when_the_hour_changes() -> None:
    runs = next_runs(nightly(), NOW)
    assert [f"{run:%d %H:%M %Z}" for run in runs[:3]] == ["29 04:30 CEST", "30 04:30 CEST", "31 04:30 CEST"]
    assert len(runs) == 10
    before = next_runs(PeriodicTask.objects.get(), NOW - timedelta(days=2))
    assert [f"{run:%d %H:%M %Z}" for run in before[:3]] == ["27 04:30 CET", "28 04:30 CET", "29 04:30 CEST"]


def test_an_interval_goes_on_from_its_last_run() -> None:
    interval = IntervalSchedule.objects.create(every=10, period="minutes")
    last = NOW - timedelta(minutes=3)
    task = PeriodicTask.objects.create(name="often", task="x", interval=interval, last_run_at=last)
    assert next_runs(task, NOW, 3) == [last + timedelta(minutes=10 * number) for number in (1, 2, 3)]


def test_the_sun_rises_once_a_day() -> None:
    solar = SolarSchedule.objects.create(event="sunrise", latitude=40.4, longitude=-3.7)
    runs = next_runs(PeriodicTask.objects.create(name="dawn", task="x", solar=solar), NOW, 3)
    assert [run.astimezone(UTC).strftime("%d %H") for run in runs] == ["29 06", "30 06", "31 05"] or len(
        {r.date() for r in runs}
    ) == 3


def test_a_moment_comes_once() -> None:
    clocked = ClockedSchedule.objects.create(clocked_time=NOW + timedelta(days=1))
    task = PeriodicTask.objects.create(name="once", task="x", clocked=clocked, one_off=True)
    assert next_runs(task, NOW) == [NOW + timedelta(days=1)]
    assert next_runs(task, NOW + timedelta(days=2)) == []


def test_a_schedule_that_is_off_or_over_has_no_next_run() -> None:
    task = nightly(enabled=False)
    assert next_runs(task, NOW) == []
    task.enabled, task.expires = True, NOW + timedelta(days=3)
    assert len(next_runs(task, NOW)) == 3


def test_the_admin_shows_the_next_runs_and_records_a_switch(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    task = nightly()
    page = client.get(reverse("admin:django_celery_beat_periodictask_change", args=[task.pk])).content.decode()
    assert page.count("04:30:00") == 10
    form = {"action": "switch_off", "_selected_action": [task.pk]}
    assert client.post(reverse("admin:django_celery_beat_periodictask_changelist"), form).status_code == 302
    task.refresh_from_db()
    entry = AuditEntry.objects.get()
    assert (task.enabled, entry.before, entry.after) == (False, {"enabled": True}, {"enabled": False, "by": "admin"})


def test_a_task_with_two_schedules_is_refused(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    task = nightly()
    interval = IntervalSchedule.objects.create(every=1, period="hours")
    form = {"name": "nightly", "task": "x", "enabled": "on", "crontab": task.crontab_id, "interval": interval.pk}
    form |= {"args": "[]", "kwargs": "{}"}
    answer = client.post(reverse("admin:django_celery_beat_periodictask_change", args=[task.pk]), form)
    assert answer.status_code == 200
    assert "interval" in answer.context["adminform"].form.errors
