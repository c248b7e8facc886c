"""A small ASGI application without a framework: WebSockets that answer in capitals."""


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"hello"})
        return
    await receive()
    if scope["path"] == "/refused":
        await send({"type": "websocket.close", "code": 4403})
        return
    await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4001, "reason": "said bye"})
            return
        answer = {"bytes": message["bytes"]} if message.get("bytes") else {"text": message["text"].upper()}
        await send({"type": "websocket.send", **answer})
