"""Senders: each signs a body as the real one does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER_KEY = "whsec_" + base64.b64encode(b"o" * 32).decode()
Headers = dict[str, str]


def text(document: Any) -> bytes:
    """The document as it goes over the wire."""
    return json.dumps(document, separators=(",", ":")).encode()


def github(body: bytes, event: str = "push", key: str = KEY, delivery: str = "") -> Headers:
    return {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest(),
    }


def gitlab(body: bytes, event: str = "Push Hook", key: str = KEY, delivery: str = "") -> Headers:
    name = delivery or str(uuid.uuid4())
    return {"X-Gitlab-Event": event, "X-Gitlab-Event-UUID": str(uuid.uuid4()), "Idempotency-Key": name, "X-Gitlab-Token": key}


def gitlab_signed(body: bytes, event: str = "Push Hook", key: str = KEY, delivery: str = "", at: float | None = None) -> Headers:
    name, moment = delivery or str(uuid.uuid4()), str(int(at if at is not None else time.time()))
    covered = f"{name}.{moment}.".encode() + body
    signature = base64.b64encode(hmac.digest(base64.b64decode(key[6:]), covered, "sha256")).decode()
    told = {"webhook-id": name, "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}
    return {"X-Gitlab-Event": event, "Idempotency-Key": name, **told}


def alertmanager(body: bytes, key: str = KEY) -> Headers:
    return {"Authorization": f"Bearer {key}"}


def alertmanager_basic(body: bytes, key: str = KEY) -> Headers:
    return {"Authorization": "Basic " + base64.b64encode(f"timonel:{key}".encode()).decode()}


def generic(body: bytes, key: str = KEY, at: float | None = None, delivery: str = "") -> Headers:
    moment = int(at if at is not None else time.time())
    signature = hmac.new(key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Timonel-Signature": f"t={moment},v1={signature}"} | ({"X-Timonel-Delivery": delivery} if delivery else {})
