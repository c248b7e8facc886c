"""Budgets of models in the admin, each with what is spent of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from agents import budgets
from agents.models import ModelBudget
from agents.specialists import registry
from controlplane.core.administration import AuditedAdmin

EVERYBODY = ("", gettext_lazy("all of them"))


class BudgetForm(forms.ModelForm):  # type: ignore[type-arg]
    """Of everything, of one application, or of one specialist."""

    specialist = forms.ChoiceField(required=False, label=gettext_lazy("Specialist"))

    class Meta:
        model = ModelBudget
        fields = ("application", "specialist", "period", "tokens", "money", "calls", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(name, specialist.title) for name, specialist in sorted(registry().items())]
        self.fields["specialist"].choices = [EVERYBODY, *known]  # type: ignore[attr-defined]


@admin.register(ModelBudget)
class ModelBudgetAdmin(AuditedAdmin):
    """A call that would go over a budget is not made; what it should have added is missing, and the page says so."""

    form = BudgetForm
    list_display = ("__str__", "tokens", "tokens_spent", "money", "money_spent", "calls", "calls_made", "enabled")
    list_filter = ("period", "enabled")
    list_select_related = ("application",)
    search_fields = ("specialist__exact", "application__name__exact")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelBudget]:
        """Each with what is spent of it."""
        return budgets.with_spent(super().get_queryset(request))

    @admin.display(description=gettext_lazy("tokens spent"))
    def tokens_spent(self, budget: Any) -> int:
        """In the present period."""
        return int(budget.spent_tokens)

    @admin.display(description=gettext_lazy("dollars spent"))
    def money_spent(self, budget: Any) -> str:
        """In the present period, to a hundredth of a cent."""
        return f"{budget.spent_money:.4f}"

    @admin.display(description=gettext_lazy("calls made"))
    def calls_made(self, budget: Any) -> int:
        """In the present period."""
        return int(budget.spent_calls)
