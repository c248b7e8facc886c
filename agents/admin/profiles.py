"""How each specialist is configured, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from agents import profiles, thinking
from agents.admin.profile_form import ProfileForm
from agents.investigating import asking
from agents.models import AgentProfile
from agents.specialists import registry
from controlplane.core.administration import AuditedAdmin


@admin.register(AgentProfile)
class AgentProfileAdmin(AuditedAdmin):
    """On or off, blocking or advisory, its limits, and the model that it asks. A specialist's profile is made with the tables."""

    form = ProfileForm
    list_display = ("name", "enabled", "blocking", "timeout_seconds", "thinking", "endpoint")
    list_select_related = ("endpoint",)
    list_filter = ("enabled", "blocking", "thinking")
    search_fields = ("name",)
    fields = (
        *("name", "enabled", "blocking", "timeout_seconds", "options"),
        *("thinking", "endpoint", "most_rounds", "most_tool_calls", "most_tokens"),
        *("tools", "prompt", "told"),
    )
    readonly_fields = ("name", "told")

    @admin.display(description=gettext_lazy("What a model is told now"))
    def told(self, profile: AgentProfile) -> SafeString:
        """The whole prompt, its own or the one above with the rules that hold for all, and its hash as calls record it."""
        if profile.name == profiles.INVESTIGATOR:
            prompt = asking.prompt_of(profile)
        elif profile.name in registry():
            prompt = thinking.prompt_of(profile)
        else:
            return SafeString("–")
        return format_html("<code>{}</code><pre>{}</pre>", prompt.reference, prompt.text)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Specialists are files, not rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It would come back with its defaults."""
        return False
