"""A gate before PostgreSQL: shut, the database is away; open, it is back."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit

from workloads.host.ports import is_free


class Gate:
    """Puts itself between a host that is started later and its database."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables
        self._goal = urlsplit(variables["DATABASE_URL"])
        self._pairs: list[socket.socket] = []
        self._listening: socket.socket | None = None
        self._port = next(port for port in range(18000, 19000) if is_free(port))

    def __enter__(self) -> Gate:
        self.open()
        at = f"{self._goal.username}:{self._goal.password}@127.0.0.1:{self._port}"
        self._variables["DATABASE_URL"] = self._goal._replace(netloc=at).geturl()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.shut()

    def open(self) -> None:
        """Let connections through."""
        self._listening = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def shut(self) -> None:
        """Cut what is connected and refuse the rest."""
        if self._listening is not None:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        while self._pairs:
            with contextlib.suppress(OSError):
                self._pairs.pop().shutdown(socket.SHUT_RDWR)

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection((self._goal.hostname or "", self._goal.port or 5432))
                self._pairs += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
