"""A small ASGI application without a framework: WebSockets that answer in capitals, and the digest of a body."""

import hashlib


async def application(scope, receive, send):
    await {"lifespan": lifespan, "http": digest, "websocket": capitals}[scope["type"]](scope, receive, send)


async def lifespan(scope, receive, send):
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def digest(scope, receive, send):
    total = hashlib.sha256()
    message = {"more_body": True}
    while message.get("more_body"):
        message = await receive()
        total.update(message.get("body", b""))
    text = b"hello" if scope["path"] == "/" else total.hexdigest().encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text})


async def capitals(scope, receive, send):
    await receive()
    if scope["path"] == "/refused":
        await send({"type": "websocket.close", "code": 4403})
        return
    await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
    while (message := await receive())["type"] != "websocket.disconnect":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4001, "reason": "said bye"})
            return
        answer = {"bytes": message["bytes"]} if message.get("bytes") else {"text": message["text"].upper()}
        await send({"type": "websocket.send", **answer})
