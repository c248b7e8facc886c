"""How each specialist is configured, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from agents.models import AgentProfile
from controlplane.core.administration import AuditedAdmin


@admin.register(AgentProfile)
class AgentProfileAdmin(AuditedAdmin):
    """On or off, blocking or advisory, and its limits. A specialist's profile is made when it is first asked."""

    list_display = ("name", "enabled", "blocking", "timeout_seconds")
    fields = ("name", "enabled", "blocking", "timeout_seconds", "options")
    readonly_fields = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Specialists are files, not rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It would come back with its defaults."""
        return False
