"""A ship or boat that has been here, or is expected."""

from django.core.validators import MinValueValidator
from django.db import models


class Vessel(models.Model):
    """A vessel, known by its name and flag."""

    class Kind(models.TextChoices):
        CARGO = "cargo", "cargo ship"
        TANKER = "tanker", "tanker"
        FERRY = "ferry", "ferry"
        FISHING = "fishing", "fishing boat"
        SAILING = "sailing", "sailing ship"
        TUG = "tug", "tug"

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    flag = models.CharField(max_length=40, help_text="The country it sails under.")
    length_m = models.PositiveSmallIntegerField(
        "length", validators=[MinValueValidator(1)], help_text="Metres overall."
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name", "flag"], name="vessel_name_once_a_flag")]

    def __str__(self):
        return self.name
