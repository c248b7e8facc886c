"""Every call of a model, as it was."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models.endpoints import ModelEndpoint
from agents.models.runs import Run
from controlplane.core.querysets import StateQuerySet
from workloads.models import Application


class ModelCall(models.Model):
    """One request to a model and what came of it. Written by agents.budgets only; the text that was sent is not kept.

    While it is under way it holds what was set aside for it of the budgets, until that moment has passed.
    """

    class Status(models.TextChoices):
        UNDER_WAY = "under_way", _("under way")
        OK = "ok", _("answered")
        REFUSED = "refused_by_budget", _("refused by the budget")
        FAILED = "failed", _("failed")
        TIMED_OUT = "timed_out", _("timed out")
        BROKEN = "broken_answer", _("broken answer")
        LOST = "lost", _("lost with its worker")

    endpoint = models.ForeignKey(ModelEndpoint, null=True, on_delete=models.SET_NULL, related_name="calls")
    endpoint_name = models.CharField(max_length=63)
    model = models.CharField(max_length=200, help_text=_("As it called itself in its answer."))
    purpose = models.CharField(max_length=20)
    specialist = models.CharField(max_length=40, blank=True)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="model_calls")
    application = models.ForeignKey(Application, null=True, on_delete=models.SET_NULL, related_name="+")
    prompt = models.CharField(max_length=120, help_text=_("The prompt's file and the start of its hash."))
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.UNDER_WAY)
    tokens_in = models.PositiveBigIntegerField(default=0)
    tokens_out = models.PositiveBigIntegerField(default=0)
    estimated = models.BooleanField(default=False, help_text=_("The endpoint did not count its tokens; these are an estimate."))
    cost = models.DecimalField(max_digits=20, decimal_places=10, default=Decimal(0))
    latency_ms = models.PositiveIntegerField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    # The tools it asked for: {"name", "arguments", "status", "result"}, redacted and bounded.
    tools = models.JSONField(default=list)
    set_aside_tokens = models.PositiveBigIntegerField(default=0)
    set_aside_cost = models.DecimalField(max_digits=20, decimal_places=10, default=Decimal(0))
    set_aside_until = models.DateTimeField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["at"], name="model_call_by_time"),
            models.Index(fields=["application", "at"], name="model_call_by_application"),
            models.Index(fields=["specialist", "at"], name="model_call_by_specialist"),
            models.Index(fields=["set_aside_until"], name="model_call_under_way", condition=models.Q(status="under_way")),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_name} {self.pk}"

    @property
    def tokens(self) -> int:
        """Sent and answered."""
        return self.tokens_in + self.tokens_out
