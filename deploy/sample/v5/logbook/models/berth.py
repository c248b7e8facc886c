"""A place at the quay."""

from django.db import models


class Berth(models.Model):
    """A numbered stretch of the quay; one vessel lies there at a time."""

    name = models.CharField(max_length=20, unique=True)
    length_m = models.PositiveSmallIntegerField("length", help_text="Metres of quay.")
    draught_limit_m = models.DecimalField(
        "draught limit", max_digits=3, decimal_places=1, default=9.5, help_text="Metres at low water."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    @property
    def depth(self):
        """How deep it is, as the page says it."""
        return f"{self.draught_limit_m} m deep"

    def holds(self, vessel):
        """Whether the vessel is short enough to lie here."""
        return vessel.length_m <= self.length_m
