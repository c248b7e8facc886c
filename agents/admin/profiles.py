"""How each specialist is configured, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from agents.models import AgentProfile
from controlplane.core.administration import AuditedAdmin


@admin.register(AgentProfile)
class AgentProfileAdmin(AuditedAdmin):
    """On or off, blocking or advisory, its limits, and the model that it asks. A specialist's profile is made with the tables."""

    list_display = ("name", "enabled", "blocking", "timeout_seconds", "endpoint")
    list_select_related = ("endpoint",)
    list_filter = ("enabled", "blocking")
    search_fields = ("name",)
    fields = (
        *("name", "enabled", "blocking", "timeout_seconds", "options"),
        *("endpoint", "most_rounds", "most_tool_calls", "most_tokens"),
    )
    readonly_fields = ("name",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Specialists are files, not rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It would come back with its defaults."""
        return False
