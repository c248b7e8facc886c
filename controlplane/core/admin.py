"""People, their roles, and their API tokens in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from controlplane.core import tokens
from controlplane.core.administration import AuditedAdmin, ModelAdmin, TabularInline, actor_of
from controlplane.core.models import ApiToken, RoleBinding, User

admin.site.site_header = admin.site.site_title = "Timonel administration"
admin.site.unregister(Group)  # rights are roles in scopes, not Django's permissions


class RoleBindings(TabularInline):
    """The roles of one person."""

    model = RoleBinding
    extra = 0


@admin.register(User)
class PersonAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    inlines = (RoleBindings,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser")}),
    )


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """Read and revoked here; made over the API by whoever they belong to."""

    list_display = ("name", "user", "verbs", "scope", "expires_at", "revoked_at", "last_used_at")
    actions = ("revoke",)

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End them now."""
        for token in queryset.filter(revoked_at__isnull=True):
            tokens.revoke(actor_of(request), token)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not here: its text is shown once, to its person."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is what it was made as."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Revoked, not forgotten."""
        return False
