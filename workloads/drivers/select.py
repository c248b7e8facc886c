"""Which driver runs an environment."""

from __future__ import annotations

from controlplane.core.errors import Refused
from workloads.drivers import Driver
from workloads.drivers.process import ProcessDriver
from workloads.models import Environment


def driver_of(environment: Environment) -> Driver:
    """The driver of this environment. Raises Refused for one that this Timonel cannot drive."""
    if environment.driver == Environment.Driver.PROCESS:
        return ProcessDriver()
    raise Refused(f"The driver {environment.driver!r} of {environment} is not available.", cure="Use the process driver.")
