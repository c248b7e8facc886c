"""People, their roles, and their API tokens in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from controlplane.core import admin_records, admin_schedules, tokens
from controlplane.core.administration import MASKED, AuditedAdmin, TabularInline, actor_of, record
from controlplane.core.models import ApiToken, RoleBinding, User
from controlplane.core.records import RecordAdmin

__all__ = ["ApiTokenAdmin", "PersonAdmin", "RoleBindingAdmin", "admin_records", "admin_schedules"]
admin.site.unregister(Group)  # rights are roles in scopes, not Django's permissions


class RoleBindingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A role where it holds."""

    class Meta:
        model = RoleBinding
        fields = ("user", "role", "scope")

    def clean_scope(self) -> str:
        """A scope as tokens know it too."""
        scope: str = self.cleaned_data["scope"]
        if not tokens.SCOPE.match(scope):
            raise forms.ValidationError(_("The scope is *, application/<id> or environment/<id>."))
        return scope


class RoleBindings(TabularInline):
    """The roles of one person."""

    model = RoleBinding
    form = RoleBindingForm
    extra = 0


@admin.register(User)
class PersonAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    inlines = (RoleBindings,)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (gettext_lazy("Person"), {"fields": ("first_name", "last_name", "email")}),
        (gettext_lazy("May"), {"fields": ("is_active", "is_superuser")}),
    )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Give somebody a new password; that it was done is recorded in the same transaction."""
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        """Django's own note of a change; a new password goes no other way."""
        if request.resolver_match and request.resolver_match.url_name == "auth_user_password_change":
            record(request, "change", obj, after={"password": MASKED})
        return super().log_change(request, obj, message)


@admin.register(RoleBinding)
class RoleBindingAdmin(AuditedAdmin):
    """Who is what, where: all of them in one list."""

    form = RoleBindingForm
    list_display = ("user", "role", "scope", "created_at")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("user__username", "scope")
    raw_id_fields = ("user",)


@admin.register(ApiToken)
class ApiTokenAdmin(RecordAdmin):
    """Read and revoked here; made over the API by whoever they belong to."""

    list_display = ("name", "user", "verbs", "scope", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    hidden = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request: HttpRequest, queryset: models.QuerySet[ApiToken]) -> None:
        """End them now."""
        for token in queryset.filter(revoked_at__isnull=True):
            tokens.revoke(actor_of(request), token)
