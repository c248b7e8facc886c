"""Our own webhooks out: JSON, signed so that the receiver knows it comes from here and when it was sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict

from workloads.adapters.messages import Answer, Message
from workloads.adapters.posting import post

SIGNATURE = "X-Timonel-Signature"


def send(message: Message, address: str, *, key: str, private: bool, now: int) -> Answer:
    """Post it once; `now` in Unix seconds is signed with it, so that a recorded request grows old."""
    content = body(message)
    headers = {
        "X-Timonel-Delivery": message.key,
        "Idempotency-Key": message.key,
        "X-Timonel-Event": message.kind,
        SIGNATURE: signature(key, now, content),
    }
    return post(address, content, headers, private=private)


def body(message: Message) -> bytes:
    """The message as JSON; the same bytes at every attempt."""
    said = asdict(message) | {"happened_at": message.happened_at.isoformat()}
    return json.dumps(said, sort_keys=True).encode()


def signature(key: str, now: int, content: bytes) -> str:
    """`t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`."""
    told = hmac.new(key.encode(), b"%d.%s" % (now, content), hashlib.sha256).hexdigest()
    return f"t={now},v1={told}"
