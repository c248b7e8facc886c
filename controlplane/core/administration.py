"""The admin's way of writing: by role, and every change audited in its own transaction, like anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models, transaction
from django.forms import CheckboxInput
from django.http import HttpRequest
from django.utils.translation import gettext as _

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from controlplane.core.plain import plain
from controlplane.core.rights import reach
from controlplane.core.secrets import SealedJSONField, SealedTextField

if TYPE_CHECKING:
    from django.forms import BaseInlineFormSet, BaseModelForm, ModelForm

    ModelAdmin = admin.ModelAdmin[Any]
    TabularInlineOfDjango = admin.TabularInline[Any, Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInlineOfDjango = admin.TabularInline

MASKED = "(sealed)"
ANSWER = "_timonel_administers"
PASSWORD = "password"


def actor_of(request: HttpRequest) -> Actor:
    """The person at the admin."""
    return Actor.person(request.user, str(request.META.get("timonel.request_id", "")))  # type: ignore[arg-type]  # the admin lets nobody else in


def administers(request: HttpRequest) -> bool:
    """Whether the person may administer everything; asked of the database once a request."""
    if not hasattr(request, ANSWER):
        known = request.user.is_authenticated and request.user.is_active
        setattr(request, ANSWER, known and reach(actor_of(request), Verb.ADMINISTER).everywhere)
    return bool(getattr(request, ANSWER))


class ByRole:
    """Rights are roles in scopes, not Django's permissions: an administrator of everything may do what the admin offers."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether its models are listed."""
        return administers(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it may be read."""
        return administers(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether one may be made."""
        return administers(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it may be changed."""
        return administers(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it may be deleted."""
        return administers(request)


class ReadOnly(ByRole):
    """To be read by whoever may, and written by nobody, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class TabularInline(ByRole, TabularInlineOfDjango):
    """Rows edited with what they belong to. Each field says its name to a screen reader: the column's heading alone does not."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The rows, their fields named."""
        formset: Any = super().get_formset(request, obj, **kwargs)
        for name, field in formset.form.base_fields.items():
            field.widget.attrs.setdefault("aria-label", field.label or name)
        formset.deletion_widget = CheckboxInput(attrs={"aria-label": _("Delete")})
        return formset


class Parts(ReadOnly, TabularInlineOfDjango):
    """Rows that are shown with what they belong to."""

    extra = 0
    can_delete = False


class AuditedAdmin(ByRole, ModelAdmin):
    """Records who changed which fields of what, from what to what, rows edited inline included; what stays says nothing."""

    def save_model(self, request: HttpRequest, obj: models.Model, form: BaseModelForm[Any], change: bool) -> None:
        """Save and record."""
        before = _stored(type(obj), [obj.pk]).get(obj.pk) if change else None
        super().save_model(request, obj, form, change)
        if not change:
            record(request, "create", obj, after=shown(obj, form.changed_data))
        else:
            _record_change(request, before, obj, form.changed_data)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Record and delete."""
        with transaction.atomic():
            record(request, "delete", obj, shown(obj, _all_fields(obj)))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Each row by itself, so that each is recorded; all of them or none."""
        with transaction.atomic():
            for obj in queryset:
                self.delete_model(request, obj)

    def save_formset(
        self, request: HttpRequest, form: ModelForm[Any], formset: BaseInlineFormSet[Any, Any, Any], change: bool
    ) -> None:
        """Save the rows edited inline and record each."""
        before = _stored(formset.model, [row.instance.pk for row in formset.initial_forms])
        super().save_formset(request, form, formset, change)
        for row in formset.extra_forms:
            if row.instance in formset.new_objects:
                record(request, "create", row.instance, after=shown(row.instance, row.changed_data))
        for obj, fields in formset.changed_objects:
            _record_change(request, before.get(obj.pk), obj, fields)
        for obj in formset.deleted_objects:
            record(request, "delete", obj, shown(obj, _all_fields(obj)))


def record(
    request: HttpRequest, verb: str, obj: models.Model, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
) -> None:
    """Record a write of the admin; `by` says where it was made."""
    audit.record(actor_of(request), f"{obj._meta.model_name}.{verb}", obj, before=before, after={**(after or {}), "by": "admin"})


def shown(obj: models.Model | None, fields: list[str]) -> dict[str, Any]:
    """The values of these fields for the audit. That a sealed value or a password changed is said, never to what."""
    if obj is None:
        return {}
    columns = {field.name: field for field in obj._meta.concrete_fields}
    values = {name: _shown_value(obj, columns[name]) for name in fields if name in columns and name != PASSWORD}
    return values | ({PASSWORD: MASKED} if any(PASSWORD in name for name in fields) else {})


def _record_change(request: HttpRequest, before: models.Model | None, obj: models.Model, fields: list[str]) -> None:
    """Record what became another value; nothing did, nothing is said."""
    old, new = shown(before, fields), shown(obj, fields)
    changed = [name for name in new if new[name] == MASKED or old.get(name) != new[name]]
    if changed:
        record(request, "change", obj, {name: old.get(name) for name in changed}, {name: new[name] for name in changed})


def _shown_value(obj: models.Model, field: models.Field[Any, Any]) -> Any:
    if isinstance(field, SealedTextField | SealedJSONField):
        return MASKED
    value = getattr(obj, field.name)
    return str(value) if isinstance(value, models.Model) else plain(value)


def _stored(model: Any, keys: list[Any]) -> dict[Any, models.Model]:
    found: dict[Any, models.Model] = model._base_manager.in_bulk([key for key in keys if key is not None])
    return found


def _all_fields(obj: models.Model) -> list[str]:
    return [field.name for field in obj._meta.concrete_fields if not field.primary_key]
