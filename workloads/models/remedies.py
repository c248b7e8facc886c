"""What policy lets Timonel repair without a person, where, how often; and each time it did."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from workloads.models.catalog import Environment


class RemedyPolicy(models.Model):
    """Which repairs may be applied without a person in one environment. Without a row: none."""

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, related_name="remedy_policy")
    kinds = ArrayField(models.CharField(max_length=40), default=list, help_text=_("Kinds of repairs that can be undone."))
    most_an_hour = models.PositiveSmallIntegerField(default=2, help_text=_("More than these in an hour, and a person decides."))
    in_production = models.BooleanField(
        _("also in production"), default=False, help_text=_("Where its tier is production, nothing is done without this.")
    )
    # The stop button.
    stopped_at = models.DateTimeField(null=True, editable=False)
    stopped_by = models.CharField(max_length=200, blank=True, editable=False)
    stopped_because = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "remedy policies"
        ordering: ClassVar = ["environment__application__name", "environment__name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(most_an_hour__gte=1, most_an_hour__lte=60),
                name="remedy_policy_has_a_limit",
                violation_error_message=_("At least one an hour, at most sixty."),
            ),
        ]

    def __str__(self) -> str:
        return f"remedies in {self.environment}"


class RemedyUse(models.Model):
    """One repair that policy let through. Kept, so that the next one is counted against it."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="remedy_uses")
    kind = models.CharField(max_length=40)
    object = models.CharField(max_length=400, help_text=_("What was repaired, as Kind namespace/name."))
    cause = models.CharField(max_length=400, help_text=_("The fault and the object that it was for."))
    summary = models.CharField(max_length=300, blank=True)
    said = models.CharField(max_length=300, help_text=_("The policy's reason, as the approval has it."))
    # Of the Change that it let through, where the caller says so: asked again, it is the same use.
    key = models.CharField(max_length=200, blank=True)
    used_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["environment", "-used_at"], name="remedy_use_lately")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["environment", "key"], condition=~models.Q(key=""), name="remedy_use_once_a_change")
        ]

    def __str__(self) -> str:
        return self.summary or self.kind
