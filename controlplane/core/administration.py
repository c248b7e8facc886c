"""The admin's way of writing: every change is audited in its own transaction, like anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.secrets import SealedJSONField, SealedTextField

if TYPE_CHECKING:
    from django.forms import BaseInlineFormSet, BaseModelForm, ModelForm

    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline

MASKED = "(sealed)"


def actor_of(request: HttpRequest) -> Actor:
    """The person at the admin."""
    return Actor.person(request.user, str(request.META.get("timonel.request_id", "")))  # type: ignore[arg-type]  # the admin lets nobody else in


class AuditedAdmin(ModelAdmin):
    """Records who changed which fields of what, rows edited inline included. Sealed values are never written down."""

    def save_model(self, request: HttpRequest, obj: models.Model, form: BaseModelForm[Any], change: bool) -> None:
        """Save and record."""
        super().save_model(request, obj, form, change)
        _record(request, "change" if change else "create", obj, _shown(obj, form.changed_data))

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Record and delete."""
        _record(request, "delete", obj, {})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Each row by itself, so that each is recorded."""
        for obj in queryset:
            self.delete_model(request, obj)

    def save_formset(
        self, request: HttpRequest, form: ModelForm[Any], formset: BaseInlineFormSet[Any, Any, Any], change: bool
    ) -> None:
        """Save the rows edited inline and record each."""
        super().save_formset(request, form, formset, change)
        for obj in formset.new_objects:
            _record(request, "create", obj, {})
        for obj, fields in formset.changed_objects:
            _record(request, "change", obj, _shown(obj, fields))
        for obj in formset.deleted_objects:
            _record(request, "delete", obj, {})


def _record(request: HttpRequest, verb: str, obj: models.Model, after: dict[str, Any]) -> None:
    audit.record(actor_of(request), f"{obj._meta.model_name}.{verb}", obj, after={**after, "by": "admin"})


def _shown(obj: models.Model, fields: list[str]) -> dict[str, Any]:
    sealed = {field.name for field in obj._meta.get_fields() if isinstance(field, SealedTextField | SealedJSONField)}
    return {name: MASKED if name in sealed else _plain(getattr(obj, name, None)) for name in fields if "password" not in name}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)
