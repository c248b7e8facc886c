"""Schedules in the admin: what runs by itself, when next, switched on and off; every change audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_celery_beat import admin as of_beat
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from controlplane.core.administration import AuditedAdmin, Parts, record
from controlplane.core.schedules import next_runs

if TYPE_CHECKING:
    Task = Any
else:
    Task = PeriodicTask

for model in (PeriodicTask, ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule):
    admin.site.unregister(model)


@admin.register(PeriodicTask)
class ScheduleAdmin(AuditedAdmin, of_beat.PeriodicTaskAdmin):  # type: ignore[misc]  # it ships no types
    """A task and when it runs."""

    change_form_template = None
    date_hierarchy = None
    actions = ("switch_on", "switch_off")
    list_display = ("name", "task", "enabled", "scheduler", "last_run_at", "one_off")
    list_filter = ("enabled", "one_off")
    readonly_fields = ("last_run_at", "upcoming")
    fieldsets = (
        (None, {"fields": ("name", "regtask", "task", "enabled", "description")}),
        (
            gettext_lazy("Schedule"),
            {"fields": ("interval", "crontab", "solar", "clocked", "start_time", "expires", "one_off", "last_run_at", "upcoming")},
        ),
        (gettext_lazy("Arguments"), {"fields": ("args", "kwargs", "queue", "priority"), "classes": ("collapse",)}),
    )

    @admin.display(description=gettext_lazy("Next runs"))
    def upcoming(self, task: Task) -> SafeString | str:
        """The next ten, in the schedule's own zone."""
        if task.pk is None:
            return _("They are reckoned once the schedule is saved.")
        runs = next_runs(task, timezone.now())
        return format_html_join("", "<div>{}</div>", ((f"{run:%Y-%m-%d %H:%M:%S %Z}",) for run in runs)) or _("None.")

    @admin.action(description=gettext_lazy("Switch the selected schedules on"))
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let them run."""
        _switch(request, queryset.filter(enabled=False), True)

    @admin.action(description=gettext_lazy("Switch the selected schedules off"))
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let them rest."""
        _switch(request, queryset.filter(enabled=True), False)


class UsedBy(Parts):
    """The tasks that run by a schedule; each is written on its own page."""

    model = PeriodicTask
    fields = readonly_fields = ("name", "task")
    show_change_link = True


class TimesAdmin(AuditedAdmin):
    """When: shared by the tasks that name it."""

    inlines = (UsedBy,)


@admin.register(CrontabSchedule)
class CrontabAdmin(TimesAdmin):
    list_display = ("__str__", "human_readable")
    fields = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone")


admin.site.register((ClockedSchedule, IntervalSchedule, SolarSchedule), TimesAdmin)


def _switch(request: HttpRequest, tasks: QuerySet[Any], enabled: bool) -> None:
    with transaction.atomic():
        for task in tasks:
            before = task.enabled
            task.enabled = enabled
            task.save()
            record(request, "change", task, {"enabled": before}, {"enabled": enabled})
