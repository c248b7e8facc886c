"""The listening sockets: one for each environment's port, opened, kept and closed as the rows say."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from workloads.host.proxy import Proxy, Route

log = logging.getLogger(__name__)
DRAIN = 5.0


@dataclass(slots=True)
class _Open:
    route: Route
    runner: web.ServerRunner


class Listeners:
    """Keeps what listens equal to the routes; a port that is taken is tried again at each call."""

    def __init__(self, proxy: Proxy, address: str) -> None:
        self._proxy = proxy
        self._address = address
        self._open: dict[int, _Open] = {}
        self._refused: set[int] = set()
        self._closing: set[asyncio.Task[None]] = set()

    async def follow(self, routes: Iterable[Route]) -> list[Route]:
        """Open, re-route and close; return the routes that are in force now."""
        wanted = {route.port: route for route in routes}
        for port in self._open.keys() - wanted.keys():
            self._close(port)
        for port, route in wanted.items():
            if port in self._open:
                self._open[port].route = route
            else:
                await self._listen(route)
        return [opened.route for opened in self._open.values()]

    async def close(self) -> None:
        """Stop listening; requests under way get a moment to finish."""
        for port in list(self._open):
            self._close(port)
        await asyncio.gather(*self._closing)

    async def _listen(self, route: Route) -> None:
        try:
            listening = _bind(self._address, route.port)
        except OSError as error:
            if route.port not in self._refused:
                log.error("cannot listen on port %s for %s: %s. Free the port.", route.port, route.name, error.strerror)
            self._refused.add(route.port)
            return
        self._refused.discard(route.port)

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            return await self._proxy.answer(request, lambda: opened.route)

        server = web.Server(handle, handler_cancellation=True, auto_decompress=False, max_line_size=65536, max_field_size=65536)
        opened = _Open(route, web.ServerRunner(server, handle_signals=False, shutdown_timeout=DRAIN))
        await opened.runner.setup()
        await web.SockSite(opened.runner, listening, backlog=1024).start()
        self._open[route.port] = opened

    def _close(self, port: int) -> None:
        """Stop listening; nobody waits for the last requests of an address that is gone."""
        closing = asyncio.create_task(self._open.pop(port).runner.cleanup())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


def _bind(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
    except OSError:
        listening.close()
        raise
    return listening
