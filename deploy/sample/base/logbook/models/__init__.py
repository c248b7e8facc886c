"""What the harbour keeps: one file a model."""

from logbook.models.berth import Berth
from logbook.models.vessel import Vessel
from logbook.models.visit import Visit
from logbook.models.watch import Watch

__all__ = ["Berth", "Vessel", "Visit", "Watch"]
