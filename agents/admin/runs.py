"""Runs as records, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from agents.models import Run, Step
from controlplane.core.records import RecordAdmin


@admin.register(Run)
class RunAdmin(RecordAdmin):
    """Its story, line by line, is on its page of the dashboard."""

    list_display = ("id", "workflow", "environment", "status", "requested_by_label", "created_at", "finished_at")
    list_filter = ("status",)
    list_select_related = ("environment__application",)
    search_fields = ("idempotency_key__exact", "environment__name__exact", "environment__application__name__exact")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The columns, and the way to its story."""
        return ["story", *super().get_fields(request, obj)]

    @admin.display(description=gettext_lazy("Story"))
    def story(self, run: Run) -> SafeString:
        """A link to the dashboard."""
        return format_html('<a href="{}">{}</a>', reverse("run", args=[run.pk]), run)


@admin.register(Step)
class StepAdmin(RecordAdmin):
    list_display = ("id", "run", "node", "attempt", "status", "verdict", "started_at", "finished_at")
    list_filter = ("status", "verdict")
    list_select_related = ("run",)
    search_fields = ("node__exact",)
