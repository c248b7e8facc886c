"""Which driver runs an environment."""

from __future__ import annotations

from typing import Any

from controlplane.core.errors import Refused
from workloads.drivers import Driver
from workloads.drivers.kubernetes import KubernetesDriver
from workloads.drivers.process import ProcessDriver
from workloads.models import Environment, Release


def driver_of(environment: Environment) -> Driver:
    """The driver of this environment. Raises Refused for one that this Timonel cannot drive."""
    if environment.driver == Environment.Driver.PROCESS:
        return ProcessDriver()
    if environment.driver == Environment.Driver.KUBERNETES:
        return KubernetesDriver()
    raise Refused(f"The driver {environment.driver!r} of {environment} is not available.", cure="Use the process driver.")


def world(environment: Environment, release: Release, *, returning: bool = False) -> dict[str, Any]:
    """What making this release live would do to a world outside, for an Action's facts; empty where there is none."""
    found = driver_of(environment).foresee(environment, release, returning=returning)
    return {} if found is None else found.as_json()
