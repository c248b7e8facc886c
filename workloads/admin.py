"""Applications, environments and their variables in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from controlplane.core.administration import AuditedAdmin, TabularInline, actor_of
from workloads import catalog
from workloads.models import Application, Environment, Variable


class NoDeletion:
    """What has a history stays."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(Application)
class ApplicationAdmin(NoDeletion, AuditedAdmin):
    """Corrects what was understood. `manage.py register` makes new ones."""

    list_display = ("name", "repository", "folder", "default_ref")
    fields = (
        *("name", "repository", "folder", "default_ref", "processes", "build_steps", "release_steps", "health_path"),
        *("allow_unpinned_sources", "understood"),
    )
    readonly_fields = ("name", "understood")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Its repository must be read first."""
        return False


class VariableForm(forms.ModelForm):  # type: ignore[type-arg]
    """A value goes in and is not shown again."""

    value = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Left empty, the present value stays.",
    )

    class Meta:
        model = Variable
        fields = ("name", "value", "secret")

    def clean_value(self) -> str:
        """What was typed, or what is there."""
        return self.cleaned_data["value"] or (self.instance.value or "" if self.instance.pk else "")


class Variables(TabularInline):
    """The variables of one environment; they reach its processes with the next deployment."""

    model = Variable
    form = VariableForm
    extra = 0


@admin.register(Environment)
class EnvironmentAdmin(NoDeletion, AuditedAdmin):
    """Makes environments, sets their policy and variables."""

    list_display = ("application", "name", "tier", "driver", "port", "held_because")
    list_filter = ("tier", "driver")
    list_select_related = ("application",)
    fields = (
        *("application", "name", "tier", "driver", "quorum", "required_role", "approval_expires_after"),
        *("port", "held_at", "held_because"),
    )
    readonly_fields = ("port", "held_at", "held_because")
    inlines = (Variables,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What an environment is stays what it is."""
        return (*self.readonly_fields, "application", "name", "driver") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new one gets its address from the catalog; then save and record."""
        if not change:
            made = catalog.add_environment(actor_of(request), obj.application, obj.name, obj.tier, obj.driver)
            obj.pk, obj.port, obj.created_at, obj._state.adding = made.pk, made.port, made.created_at, False
        super().save_model(request, obj, form, True)
