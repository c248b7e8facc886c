"""Loopback ports for instances, from a range the system does not hand out by itself."""

from __future__ import annotations

import random
import socket

from controlplane.core.errors import OutsideError
from workloads.models import Environment, Instance

RANGE = range(20000, 30000)


def free_port() -> int:
    """A port nobody listens on and no environment or instance was promised."""
    promised = {*Instance.objects.values_list("port", flat=True), *Environment.objects.values_list("port", flat=True)}
    for port in random.sample(RANGE, len(RANGE)):
        if port not in promised and is_free(port):
            return port
    raise OutsideError("All ports from 20000 to 29999 are taken.", cure="Stop what listens there, or retire environments.")


def is_free(port: int) -> bool:
    """Whether the port can be listened on now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
