"""Loopback ports for instances, from a range the system does not hand out by itself."""

from __future__ import annotations

import random
import socket

from controlplane.core.errors import OutsideError
from workloads.models import Environment, Instance

RANGE = range(20000, 25000)
PREVIEW = 5000  # the preview address of an instance is so far above its own port


def free_port() -> int:
    """A port nobody listens on and no environment or instance was promised."""
    promised: set[int | None] = {
        *Instance.objects.values_list("port", flat=True),
        *Environment.objects.values_list("port", flat=True),
    }
    for port in random.sample(RANGE, len(RANGE)):
        if not {port, preview_of(port)} & promised and is_free(port) and is_free(preview_of(port)):
            return port
    raise OutsideError("All ports from 20000 to 24999 are taken.", cure="Stop what listens there, or retire environments.")


def preview_of(port: int) -> int:
    """Where the proxy serves an instance that is not live yet, as it will serve it when it is."""
    return port + PREVIEW


def is_free(port: int) -> bool:
    """Whether the port can be listened on now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def accepts(port: int | None) -> bool:
    """Whether somebody accepts connections on this loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port or 0), timeout=0.2).close()
    except OSError:
        return False
    return True
