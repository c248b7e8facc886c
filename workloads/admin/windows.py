"""Windows in the admin, with their words and next openings; stops and locks to be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from controlplane.core.administration import AuditedAdmin
from controlplane.core.errors import Invalid
from controlplane.core.records import RecordAdmin
from workloads import phrases, timetables
from workloads.changes import waiting
from workloads.models import EnvironmentLock, Stop, Window
from workloads.windows import openings, read, zone_of


class WindowForm(forms.ModelForm):  # type: ignore[type-arg]
    """A window that can be reckoned, or what is wrong with it and how to mend it."""

    class Meta:
        model = Window
        fields = (
            *("name", "kind", "environment", "application", "tier", "starts_on", "starts_at", "duration", "zone", "rule", "until"),
            *("rollbacks_pass", "reason", "enabled"),
        )

    def clean_zone(self) -> str:
        """A zone that there is."""
        zone: str = self.cleaned_data["zone"].strip()
        _demand(lambda: zone_of(zone))
        return zone

    def clean_rule(self) -> str:
        """A rule that is read, without its prefix."""
        rule: str = self.cleaned_data["rule"].strip().upper().removeprefix("RRULE:")
        if rule:
            _demand(lambda: read(rule))
        return rule

    def clean(self) -> dict[str, Any]:
        """The whole as it would be judged."""
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and (given.get("duration") or not given.get("rule")):
            row = Window(**{name: given[name] for name in ("starts_on", "starts_at", "duration", "zone", "rule", "until")})
            _demand(lambda: timetables.times_of(row))
        return given


def _shown(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M:%S %Z}" if moment else ""


def _demand(work: Any) -> None:
    try:
        work()
    except Invalid as error:
        raise forms.ValidationError(str(error)) from error


@admin.register(Window)
class WindowAdmin(AuditedAdmin):
    """When changes may begin. Whoever waits is looked at again with each change of a window."""

    form = WindowForm
    list_display = ("name", "kind", "words", "place", "enabled")
    list_filter = ("kind", "enabled", "tier")
    list_select_related = ("environment__application", "application")
    search_fields = ("name", "environment__name", "application__name")
    readonly_fields = ("words", "upcoming")
    fieldsets = (
        (None, {"fields": ("name", "kind", "enabled", "reason", "rollbacks_pass")}),
        (gettext_lazy("Where (all empty: everywhere)"), {"fields": ("environment", "application", "tier")}),
        (
            gettext_lazy("When"),
            {"fields": ("starts_on", "starts_at", "duration", "zone", "rule", "until", "words", "upcoming")},
        ),
    )

    @admin.display(description=gettext_lazy("In words"))
    def words(self, window: Window) -> str:
        """When it is."""
        return phrases.when(window) if window.pk else "–"

    @admin.display(description=gettext_lazy("Where"))
    def place(self, window: Window) -> str:
        """Where it holds."""
        return phrases.where(window)

    @admin.display(description=gettext_lazy("Next times"))
    def upcoming(self, window: Window) -> SafeString | str:
        """The next ten, in the window's own zone, to the second across changes of clocks."""
        if window._state.adding:
            return _("They are reckoned once the window is saved.")
        zone = zone_of(window.zone)
        found = openings(timetables.judged(window), timezone.now())
        texts = ((f"{_shown(one.start, zone)} – {_shown(one.end, zone)}",) for one in found)
        return format_html_join("", "<div>{}</div>", texts) or _("None within ten years.")

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Save, record, and look again at whoever waits."""
        super().save_model(request, obj, form, change)
        waiting.reconsider()

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Delete, record, and look again at whoever waits."""
        super().delete_model(request, obj)
        waiting.reconsider()


@admin.register(Stop)
class StopAdmin(RecordAdmin):
    list_display = ("id", "environment", "stopped_by", "reason", "stopped_at", "lifted_at")
    list_select_related = ("environment__application",)
    search_fields = ("environment__name__exact", "environment__application__name__exact")


@admin.register(EnvironmentLock)
class LockAdmin(RecordAdmin):
    list_display = ("id", "environment", "owner_label", "reason", "taken_at", "expires_at", "released_at")
    list_select_related = ("environment__application",)
    search_fields = ("owner_label__exact", "environment__name__exact", "environment__application__name__exact")
