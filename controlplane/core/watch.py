"""Cuts a connection when its time is over: who sends a byte now and then holds nobody up."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from typing import Any

CONNECTED = {"connection.connect_tcp.complete", "connection.start_tls.complete"}


class Watch:
    """Bounds a request as a whole: `with Watch(seconds) as watch: client.stream(..., extensions={"trace": watch.follow})`."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Watch:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def follow(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpcore tells while it connects."""
        if event in CONNECTED:
            self.on(info["return_value"].get_extra_info("socket"))

    def on(self, connected: socket.socket | None) -> None:
        """This is the connection now."""
        self._socket = connected
        if self.over:
            self._cut()

    def _cut(self) -> None:
        self.over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
