"""WebSockets through the proxy: messages relayed both ways until either side closes."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web
from yarl import URL

from workloads.host.forwarding import WEBSOCKET, Headers

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


def is_websocket(request: web.BaseRequest) -> bool:
    """Whether the client asks to upgrade to a WebSocket."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


async def relay(session: aiohttp.ClientSession, request: web.BaseRequest, url: URL, headers: Headers) -> web.StreamResponse:
    """Open the application's socket first, so that its refusal is the client's answer; then relay."""
    offered = [word.strip() for value in request.headers.getall("Sec-WebSocket-Protocol", ()) for word in value.split(",")]
    for name in WEBSOCKET:
        headers.popall(name, None)
    try:
        upstream = await session.ws_connect(
            url, headers=headers, protocols=offered, autoping=False, autoclose=False, max_msg_size=0
        )
    except aiohttp.WSServerHandshakeError as refusal:
        return web.Response(status=refusal.status if refusal.status >= 400 else 502)
    async with upstream:
        chosen = (upstream.protocol,) if upstream.protocol else ()
        client = web.WebSocketResponse(protocols=chosen, autoping=False, autoclose=False, max_msg_size=0)
        await client.prepare(request)
        ends = [asyncio.create_task(_pump(client, upstream)), asyncio.create_task(_pump(upstream, client))]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
            await client.close()
        return client


async def _pump(source: Socket, target: Socket) -> None:
    while True:
        message = await source.receive()
        if message.type == aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type == aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)
        elif message.type == aiohttp.WSMsgType.PING:
            await target.ping(message.data)
        elif message.type == aiohttp.WSMsgType.PONG:
            await target.pong(message.data)
        else:
            code = message.data if message.type == aiohttp.WSMsgType.CLOSE and message.data else aiohttp.WSCloseCode.GOING_AWAY
            await target.close(code=code, message=(message.extra or "").encode())
            return
