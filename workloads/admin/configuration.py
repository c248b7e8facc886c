"""Applications, environments and their variables in the admin."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from controlplane.core.administration import AuditedAdmin, TabularInline, actor_of
from workloads import catalog
from workloads.models import Application, Environment, Variable

SAID_AT_ITS_MAKING = ("application", "name", "tier", "driver")


class NoDeletion:
    """What has a history stays."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class ApplicationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Overrides of what was proposed from the files, in the shapes that builds and releases read."""

    class Meta:
        model = Application
        fields = (
            *("repository", "folder", "default_ref", "processes", "build_steps", "release_steps", "health_path"),
            "allow_unpinned_sources",
        )

    def clean_processes(self) -> Any:
        """Commands by the name of their process."""
        value = self.cleaned_data["processes"]
        if value and not (isinstance(value, dict) and all(_is_process(*item) for item in value.items())):
            raise forms.ValidationError(
                _('Write an object of commands by names of letters, digits, hyphens, such as {"web": "gunicorn shop.wsgi"}.')
            )
        return value

    def clean_build_steps(self) -> Any:
        """Steps as they are run."""
        return _steps(self.cleaned_data["build_steps"])

    def clean_release_steps(self) -> Any:
        """Steps as they are run."""
        return _steps(self.cleaned_data["release_steps"])


def _steps(value: Any) -> Any:
    if value and not (isinstance(value, list) and all(_is_step(step) for step in value)):
        raise forms.ValidationError(_('Write a list of steps, such as [{"name": "seed", "run": ["python", "manage.py", "seed"]}].'))
    return value


def _is_process(name: str, command: Any) -> bool:
    """Whether the name can stand in an address and a file's name, and the command is one."""
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name)) and isinstance(command, str) and bool(command)


def _is_step(step: Any) -> bool:
    named = isinstance(step, dict) and isinstance(step.get("name"), str)
    run = step.get("run") if named else None
    return isinstance(run, list) and bool(run) and all(isinstance(word, str) for word in run)


@admin.register(Application)
class ApplicationAdmin(NoDeletion, AuditedAdmin):
    """Corrects what was understood. `manage.py register` makes new ones."""

    list_display = ("name", "repository", "folder", "default_ref")
    search_fields = ("name", "repository")
    form = ApplicationForm
    fields = (
        *("name", "repository", "folder", "default_ref", "processes", "build_steps", "release_steps", "health_path"),
        *("allow_unpinned_sources", "understood"),
    )
    readonly_fields = ("name", "understood")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
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
    search_fields = ("name", "application__name")
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
            form.changed_data = [name for name in form.changed_data if name not in SAID_AT_ITS_MAKING]
        super().save_model(request, obj, form, True)
