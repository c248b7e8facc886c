"""Every call of a model, and what models wrote, as records in the admin."""

from __future__ import annotations

from django.contrib import admin

from agents.models import ModelCall, Reading
from controlplane.core.records import RecordAdmin


@admin.register(ModelCall)
class ModelCallAdmin(RecordAdmin):
    """What was asked of which model, what it used, and the tools it called. The prompt's text is not kept, its hash is."""

    list_display = (
        *("id", "at", "endpoint_name", "model", "purpose", "specialist", "run", "status"),
        *("tokens_in", "tokens_out", "estimated", "cost", "latency_ms", "attempts"),
    )
    list_filter = ("status", "purpose", "endpoint")
    list_select_related = ("run",)
    search_fields = ("specialist__exact", "prompt__exact", "endpoint_name__exact")


@admin.register(Reading)
class ReadingAdmin(RecordAdmin):
    """On the dashboard each stands beside what it is about."""

    list_display = ("id", "key", "kind", "status", "model", "created_at", "finished_at")
    list_filter = ("status", "kind")
    search_fields = ("key__exact",)
