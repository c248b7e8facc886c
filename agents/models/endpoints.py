"""Model endpoints: addresses that answer questions in words."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.secrets import SealedTextField

MILLION = 1_000_000


class ModelEndpoint(models.Model):
    """One model at one address, set by an administrator."""

    class Kind(models.TextChoices):
        OPENAI = "openai", "OpenAI"
        AZURE = "azure", "Azure OpenAI"
        COMPATIBLE = "compatible", _("OpenAI-compatible")

    class Structured(models.TextChoices):
        """How it can be held to a shape."""

        SCHEMA = "schema", _("JSON schema")
        JSON = "json", _("JSON mode")
        TEXT = "text", _("Neither: read from text")

    name = models.CharField(max_length=63, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.COMPATIBLE)
    address = models.CharField(
        max_length=500, help_text=_("Such as https://api.openai.com/v1, or http://127.0.0.1:11434/v1 of an Ollama here.")
    )
    model = models.CharField(max_length=200, help_text=_("The model's name there; for Azure, the deployment's."))
    api_version = models.CharField(max_length=40, blank=True, help_text=_("For Azure only, such as 2024-10-21."))
    key = SealedTextField(null=True, blank=True)
    private = models.BooleanField(default=False, help_text=_("It is on this machine or network: addresses of those are allowed."))
    structured = models.CharField(max_length=8, choices=Structured.choices, default=Structured.JSON)
    context_tokens = models.PositiveIntegerField(default=32_000, help_text=_("How long question and answer may be together."))
    answer_tokens = models.PositiveIntegerField(default=2_000, help_text=_("How long one answer may be."))
    price_in = models.DecimalField(
        max_digits=10, decimal_places=4, default=Decimal(0), help_text=_("US dollars for a million tokens that are sent.")
    )
    price_out = models.DecimalField(
        max_digits=10, decimal_places=4, default=Decimal(0), help_text=_("US dollars for a million tokens of answers.")
    )
    timeout_seconds = models.PositiveIntegerField(default=90, help_text=_("How long one question may take, all rounds together."))
    stall_seconds = models.PositiveIntegerField(default=30, help_text=_("How long it may be silent before it is given up."))
    is_default = models.BooleanField(default=False, help_text=_("Who chose no endpoint asks this one."))
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="model_endpoint_one_default",
                violation_error_message=_("Another endpoint is the default: take that from it first."),
            ),
            models.CheckConstraint(
                condition=models.Q(timeout_seconds__gte=1, stall_seconds__gte=1, timeout_seconds__lte=3_600),
                name="model_endpoint_times_are_sane",
                violation_error_message=_("Times are from one second to an hour."),
            ),
            models.CheckConstraint(
                condition=models.Q(answer_tokens__gte=16, context_tokens__gt=models.F("answer_tokens")),
                name="model_endpoint_answer_fits",
                violation_error_message=_("An answer is at least 16 tokens, and shorter than question and answer together."),
            ),
            models.CheckConstraint(
                condition=models.Q(price_in__gte=0, price_out__gte=0), name="model_endpoint_prices_are_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def cost(self, tokens_in: int, tokens_out: int) -> Decimal:
        """What so many tokens cost, in US dollars, exactly: prices have four places, so this has ten."""
        return (self.price_in * tokens_in + self.price_out * tokens_out) / MILLION
