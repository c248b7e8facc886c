"""Remedies without a person in the admin: which, where, how often; and each one that was let through."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from controlplane.core.administration import AuditedAdmin
from controlplane.core.records import RecordAdmin
from workloads import unattended
from workloads.models import Alert, Environment, RemedyPolicy, RemedyUse


class RemedyPolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Kinds by name, of those that can be taken back; production by a word of its own."""

    kinds = forms.MultipleChoiceField(
        choices=unattended.possible,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Repairs"),
        help_text=gettext_lazy("Only what can be taken back and is of no high risk is here. Each is still a change, and verified."),
    )

    class Meta:
        model = RemedyPolicy
        fields = ("environment", "kinds", "most_an_hour", "in_production")

    def clean(self) -> dict[str, Any]:
        """Production is named, or it is not meant."""
        values: dict[str, Any] = super().clean() or {}
        environment = values.get("environment") or (self.instance.environment if self.instance.pk else None)
        production = environment is not None and environment.tier == Environment.Tier.PRODUCTION
        if production and not values.get("in_production"):
            self.add_error("in_production", _("This environment is production: say so here, or leave it without a policy."))
        if environment is not None and not production and values.get("in_production"):
            self.add_error("in_production", _("This environment is not production."))
        return values


@admin.register(RemedyPolicy)
class RemedyPolicyAdmin(AuditedAdmin):
    """What Timonel may repair without a person. Its stop button is on the page of the environment."""

    form = RemedyPolicyForm
    list_display = ("environment", "named", "most_an_hour", "in_production", "stopped_by")
    list_select_related = ("environment__application",)
    search_fields = ("environment__name", "environment__application__name")
    fields = ("environment", "kinds", "most_an_hour", "in_production", "stopped_at", "stopped_by", "stopped_because")
    readonly_fields = ("stopped_at", "stopped_by", "stopped_because")

    @admin.display(description=gettext_lazy("Repairs"))
    def named(self, policy: RemedyPolicy) -> str:
        """The kinds by their labels."""
        labels = dict(unattended.possible())
        return ", ".join(labels.get(kind, kind) for kind in policy.kinds)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Where it holds stays."""
        return (*self.readonly_fields, "environment") if obj else self.readonly_fields


@admin.register(RemedyUse)
class RemedyUseAdmin(RecordAdmin):
    list_display = ("id", "environment", "kind", "object", "cause", "used_at")
    list_filter = ("kind",)
    list_select_related = ("environment__application",)
    search_fields = ("environment__name__exact", "environment__application__name__exact", "key__exact")


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    list_display = ("id", "name", "environment", "incident", "source", "started_at", "ended_at", "told")
    list_select_related: ClassVar[Any] = ("environment__application", "incident", "source")
    search_fields = ("name__exact", "fingerprint__exact", "environment__name__exact", "environment__application__name__exact")
