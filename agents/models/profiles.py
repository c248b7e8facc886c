"""How each specialist is configured."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models.endpoints import ModelEndpoint


class AgentProfile(models.Model):
    """How one specialist is configured: on or off, and the limits it works within."""

    name = models.CharField(max_length=40, unique=True)
    enabled = models.BooleanField(default=True)
    # A check that fails stops the run; an advisory one is shown and goes on.
    blocking = models.BooleanField(default=True)
    timeout_seconds = models.PositiveIntegerField(default=900)
    options = models.JSONField(default=dict, blank=True)
    endpoint = models.ForeignKey(
        ModelEndpoint,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="profiles",
        help_text=_("The model that it asks; without one, the default endpoint."),
    )
    # What one question of it to a model may take at most.
    most_rounds = models.PositiveSmallIntegerField(default=6, help_text=_("How often it may ask while it uses tools."))
    most_tool_calls = models.PositiveSmallIntegerField(default=12, help_text=_("How many tools one question may call."))
    most_tokens = models.PositiveIntegerField(default=60_000, help_text=_("Tokens of one question, all rounds together."))

    # What a model adds when one is connected. None of it changes a verdict.
    thinking = models.BooleanField(default=False, help_text=_("Have a model read what it finds, and say so on the run's page."))
    tools = ArrayField(
        models.CharField(max_length=60),
        null=True,
        blank=True,
        help_text=_("The tools that a model acting for it may hold; none chosen: it may call none."),
    )
    prompt = models.TextField(
        blank=True, max_length=20_000, help_text=_("What a model acting for it is told, instead of its own prompt; empty: its own.")
    )

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(timeout_seconds__gte=1), name="agent_profile_timeout_is_positive")
        ]

    def __str__(self) -> str:
        return self.name
