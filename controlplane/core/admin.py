"""People, their roles, and their API tokens in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from controlplane.core import admin_records, admin_schedules, tokens
from controlplane.core.administration import MASKED, AuditedAdmin, TabularInline, actor_of, record, shown
from controlplane.core.models import ApiToken, RoleBinding, User
from controlplane.core.records import RecordAdmin

__all__ = ["ApiTokenAdmin", "PersonAdmin", "RoleBindingAdmin", "admin_records", "admin_schedules"]
admin.site.unregister(Group)  # Django's own page is of permissions; rights here are roles in scopes


class RoleBindingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A role where it holds."""

    class Meta:
        model = RoleBinding
        fields = ("user", "group", "role", "scope")

    def clean_scope(self) -> str:
        """A scope as tokens know it too."""
        scope: str = self.cleaned_data["scope"]
        if not tokens.SCOPE.match(scope):
            raise forms.ValidationError(_("The scope is *, application/<id> or environment/<id>."))
        return scope


class RoleBindings(TabularInline):
    """The roles of one person, or of one group."""

    model = RoleBinding
    form = RoleBindingForm
    fields = ("role", "scope")
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


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]
    """A group by its name, with who is in it."""

    people = forms.ModelMultipleChoiceField(
        User.objects.order_by("username"),
        required=False,
        label=gettext_lazy("People"),
        widget=FilteredSelectMultiple("", is_stacked=False),
    )

    class Meta:
        model = Group
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["people"] = self.instance.user_set.all()


@admin.register(Group)
class GroupAdmin(AuditedAdmin):
    """People who hold the same roles."""

    form = GroupForm
    search_fields = ("name",)
    ordering = ("name",)
    inlines = (RoleBindings,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the roles, and who is in it."""
        super().save_related(request, form, formsets, change)
        self._gather(request, form.instance, list(form.cleaned_data["people"]))

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Delete the group; that its people leave it and its roles end is recorded with it."""
        assert isinstance(obj, Group)
        with transaction.atomic():
            self._gather(request, obj, [])
            for binding in obj.role_bindings.all():
                record(request, "delete", binding, shown(binding, ["group", "role", "scope"]))
            super().delete_model(request, obj)

    def _gather(self, request: HttpRequest, group: Group, people: list[User]) -> None:
        before, after = (sorted(person.username for person in some) for some in (group.user_set.all(), people))
        if before != after:
            group.user_set.set(people)
            record(request, "people", group, {"people": before}, {"people": after})


@admin.register(RoleBinding)
class RoleBindingAdmin(AuditedAdmin):
    """Who is what, where: all of them in one list."""

    form = RoleBindingForm
    list_display = ("holder", "role", "scope", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "group")
    search_fields = ("user__username", "group__name", "scope")
    raw_id_fields = ("user",)

    @admin.display(description=gettext_lazy("Of"), ordering=Coalesce("user__username", "group__name"))
    def holder(self, binding: RoleBinding) -> str:
        """The person, or the group."""
        return str(binding.user or binding.group)


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
