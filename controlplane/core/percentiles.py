"""Percentiles by the database: over the rows themselves, not over averages of them."""

from __future__ import annotations

from typing import Any

from django.db.models import Aggregate, DurationField, ExpressionWrapper, F
from django.db.models.expressions import Combinable


class Percentile(Aggregate):
    """The value below which this share (0.95 for p95) of the values lies, between neighbours in proportion; null without values."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, share: float, **more: Any) -> None:
        super().__init__(expression, share=float(share), **more)


def length(start: str, end: str) -> Combinable:
    """How long it was from one time to the other."""
    return ExpressionWrapper(F(end) - F(start), output_field=DurationField())
