"""Which driver an environment is rolled out by."""

from __future__ import annotations

from controlplane.core.errors import Invalid
from workloads.drivers import Driver
from workloads.models import Environment


def driver_of(environment: Environment) -> Driver:
    """The driver of this environment."""
    raise Invalid(f"The driver '{environment.driver}' is not available here.", cure="Use the process driver.")
