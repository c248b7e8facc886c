"""Budgets: what models may be asked in a day or a month."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from workloads.models import Application


class ModelBudget(models.Model):
    """A limit of tokens, money or calls, for everything, for one application, or for one specialist.

    What is spent of it stands nowhere: it is the sum of the recorded calls (agents.budgets), so the two cannot differ.
    """

    class Period(models.TextChoices):
        DAY = "day", _("a day")
        MONTH = "month", _("a month")

    application = models.ForeignKey(
        Application, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text=_("Only questions about it.")
    )
    specialist = models.CharField(max_length=40, blank=True, help_text=_("Only questions of it."))
    period = models.CharField(max_length=8, choices=Period.choices, default=Period.MONTH)
    tokens = models.PositiveBigIntegerField(null=True, blank=True, help_text=_("Sent and answered together."))
    money = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True, help_text=_("US dollars."))
    calls = models.PositiveIntegerField(null=True, blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "specialist", "period"], name="model_budget_once_a_scope", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(tokens__isnull=False) | models.Q(money__isnull=False) | models.Q(calls__isnull=False),
                name="model_budget_limits_something",
                violation_error_message=_("Limit tokens, money or calls."),
            ),
            models.CheckConstraint(
                condition=models.Q(application__isnull=True) | models.Q(specialist=""),
                name="model_budget_of_one_scope",
                violation_error_message=_("A budget is of an application or of a specialist, or of everything: not of both."),
            ),
            models.CheckConstraint(
                condition=models.Q(money__isnull=True) | models.Q(money__gte=0), name="model_budget_money_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        scope = self.application or self.specialist or _("everything")
        return f"{scope}, {self.get_period_display()}"
