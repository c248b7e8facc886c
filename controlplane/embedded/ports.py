"""Loopback ports: which are free, which are taken."""

from __future__ import annotations

import socket

from controlplane.core.errors import Conflict

LOOPBACK = "127.0.0.1"
FIRST_WEB_PORT = 8000
TRIED = 100


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def web_port(asked: int | None) -> int:
    """The asked port, or the first free one from 8000 on; raise Conflict when it is taken."""
    if asked is None:
        return next((port for port in range(FIRST_WEB_PORT, FIRST_WEB_PORT + TRIED) if is_free(port)), 0) or free_port()
    if not is_free(asked):
        raise Conflict(
            f"Port {asked} is in use by another program, or not open to you.",
            cure=f"Stop that program, or choose another: --port {_next_free(asked)}.",
        )
    return asked


def _next_free(port: int) -> int:
    return next((other for other in range(max(port, 1024) + 1, 65536) if is_free(other)), 0) or free_port()
