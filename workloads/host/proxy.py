"""The reverse proxy: one request in, the same request to the live instance, its answer back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from yarl import URL

from workloads.host import pages
from workloads.host import statics as static_files
from workloads.host.forwarding import end_to_end, towards_application
from workloads.host.statics import Statics
from workloads.host.traffic import Book, Traffic
from workloads.host.websockets import is_websocket, relay

RETRY_SECONDS = 5.0  # how long a request waits for an instance that refuses connections
CHUNK = 64 * 1024
STATUS = web.RequestKey("timonel.status", int)  # what the application answered, remembered with the request
UNREACHABLE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)  # nothing was sent yet


@dataclass(frozen=True, slots=True)
class Route:
    """Where a stable address leads."""

    environment: int
    name: str
    port: int
    instance: int | None = None
    upstream: int | None = None
    statics: Statics | None = None
    preview: bool = False  # for looks before the switch: not counted as traffic


Lookup = Callable[[], Route]


class Proxy:
    """Forwards the requests of all stable addresses; asks for the route anew at each attempt."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Open the client side.

        A fresh connection for each request: a kept one may be closed by the application at the very moment it is used
        again, and whether a POST then arrived nobody can tell.
        """
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            max_line_size=65536,
            max_field_size=65536,
        )

    async def close(self) -> None:
        """Close the client side."""
        if self._session is not None:
            await self._session.close()

    async def answer(self, request: web.BaseRequest, lookup: Lookup) -> web.StreamResponse:
        """Answer one request of a stable address."""
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            route = lookup()
            if route.instance is None or route.upstream is None:
                return pages.nothing_live(route.name)
            traffic = Traffic() if route.preview else self.book[route.instance]
            try:
                return await self._counted(request, route, traffic)
            except UNREACHABLE:
                if time.monotonic() > deadline:
                    traffic.answered(0, RETRY_SECONDS)
                    return pages.not_answering(route.name)
                await asyncio.sleep(0.05)

    async def _counted(self, request: web.BaseRequest, route: Route, traffic: Traffic) -> web.StreamResponse:
        """Forward, and count what became of it. A client that left before there was an answer is nobody's error."""
        began = time.monotonic()
        status: int | None = None
        traffic.in_flight += 1
        try:
            response = await self._forward(request, route)
            status = response.status
            return response
        finally:
            traffic.in_flight -= 1
            status = request.get(STATUS, status)
            if status is not None and status != 101:
                traffic.answered(status, time.monotonic() - began)

    async def _forward(self, request: web.BaseRequest, route: Route) -> web.StreamResponse:
        assert self._session is not None
        url = URL(f"http://127.0.0.1:{route.upstream}{_target(request)}", encoded=True)
        headers = towards_application(request.headers, request.remote or "")
        if is_websocket(request):
            return await relay(self._session, request, url, headers)
        await _continue(request)
        data = request.content if request.body_exists else None
        try:
            upstream = await self._session.request(request.method, url, headers=headers, data=data, allow_redirects=False)
        except UNREACHABLE:
            raise
        except aiohttp.ClientError:
            return pages.broke_off(route.name)
        async with upstream:
            request[STATUS] = upstream.status
            file = _file_instead(request, upstream, route)
            return static_files.response(file) if file else await _pass_on(request, upstream)


def _file_instead(request: web.BaseRequest, upstream: aiohttp.ClientResponse, route: Route) -> Path | None:
    if route.statics is None or not static_files.left_to_us(request.method, upstream.status, upstream.content_type):
        return None
    return route.statics.find(_target(request))


async def _pass_on(request: web.BaseRequest, upstream: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=end_to_end(upstream.headers))
    await response.prepare(request)
    try:
        async for chunk in upstream.content.iter_chunked(CHUNK):
            await response.write(chunk)
    except aiohttp.ClientError:
        if request.transport is not None:
            request.transport.abort()  # the client must not take half an answer for a whole one
        return response
    await response.write_eof()
    return response


def _target(request: web.BaseRequest) -> str:
    """The request target as it was sent; of an absolute one its path."""
    raw = request.raw_path
    return raw if raw.startswith("/") else URL(raw, encoded=True).raw_path_qs


async def _continue(request: web.BaseRequest) -> None:
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
