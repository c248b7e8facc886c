"""Which Changes a model suggested, acting for a specialist."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models.runs import Step
from workloads.models import Change


class Proposal(models.Model):
    """A Change that a model suggested while it read a step. It waits for people: no policy approves it."""

    change = models.OneToOneField(Change, on_delete=models.CASCADE, related_name="suggestion")
    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="proposals")
    specialist = models.CharField(max_length=40)
    tool = models.CharField(max_length=60)
    why = models.TextField(help_text=_("As the model wrote it."))
    facts = models.JSONField(default=list, help_text=_("The ids of what it says this rests on."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.tool} of {self.specialist}"
