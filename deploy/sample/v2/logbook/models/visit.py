"""One call of one vessel: announced, alongside, departed."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from logbook.models.berth import Berth
from logbook.models.vessel import Vessel


class VisitQuerySet(models.QuerySet):
    def expected(self):
        """Announced and not here yet, the soonest first."""
        return self.filter(arrived_at=None).order_by("due_at")

    def alongside(self):
        """At a berth now."""
        return self.filter(arrived_at__isnull=False, departed_at=None)

    def departed(self):
        """Gone, the latest first."""
        return self.filter(departed_at__isnull=False).order_by("-departed_at")


class Visit(models.Model):
    """A vessel's stay at a berth."""

    vessel = models.ForeignKey(Vessel, on_delete=models.PROTECT, related_name="visits")
    berth = models.ForeignKey(Berth, on_delete=models.PROTECT, related_name="visits")
    cargo = models.CharField(max_length=120, blank=True)
    due_at = models.DateTimeField("due")
    arrived_at = models.DateTimeField(null=True, blank=True)
    departed_at = models.DateTimeField(null=True, blank=True)
    pilot_boards_at = models.DateTimeField("pilot boards", null=True, blank=True, help_text="Empty: no pilot.")

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["-due_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["berth"],
                condition=models.Q(arrived_at__isnull=False, departed_at=None),
                name="visit_one_vessel_a_berth",
                violation_error_message="Another vessel lies there.",
            ),
            models.CheckConstraint(
                condition=models.Q(departed_at=None) | models.Q(departed_at__gte=models.F("arrived_at")),
                name="visit_departs_after_it_arrived",
            ),
        ]

    def __str__(self):
        return f"{self.vessel} at {self.berth}"

    def clean(self):
        """A vessel is sent to a berth that holds it."""
        if self.vessel_id and self.berth_id and not self.berth.holds(self.vessel):
            longer = f"{self.vessel} is {self.vessel.length_m} m long; berth {self.berth} has"
            raise ValidationError(f"{longer} {self.berth.length_m} m of quay.")
        if self.pilot_boards_at and self.due_at and self.pilot_boards_at > self.due_at:
            raise ValidationError({"pilot_boards_at": "The pilot boards before the vessel is due."})

    @property
    def is_overdue(self):
        """Announced for a time that has passed."""
        return self.arrived_at is None and self.due_at < timezone.now()
