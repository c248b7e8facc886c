"""Names, labels and digests: what an object is called, and how one is found again."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

LABEL = 63  # characters of a label's value, and of a Service's name
WORKLOAD = 46  # so that a pod's name (17 more) is a host name whole
DIGEST = 10
MANAGER = "timonel"


def dns(text: str) -> str:
    """The text as a part of a DNS label: small letters, digits, hyphens between them."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def joined(*parts: str, limit: int = WORKLOAD) -> str:
    """The parts joined by hyphens, at most `limit` long: too long a name keeps its ends apart by a digest of the whole."""
    name = "-".join(found for part in parts if (found := dns(part)))
    if len(name) <= limit:
        return name
    return f"{name[: limit - 7].rstrip('-')}-{sha(name)[:6]}"


def value(text: str) -> str:
    """The text as a label's value."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:LABEL].strip("-._")


def sha(content: Any) -> str:
    """The SHA-256 of a text, or of any JSON value, as hexadecimal digits."""
    return hashlib.sha256(_bytes(content)).hexdigest()


def digest(content: Any, salt: str = "") -> str:
    """Ten digits that change when the content does; with a salt they give nothing away about it."""
    if not salt:
        return sha(content)[:DIGEST]
    return hmac.new(salt.encode(), _bytes(content), hashlib.sha256).hexdigest()[:DIGEST]


def _bytes(content: Any) -> bytes:
    text = content if isinstance(content, str) else json.dumps(content, sort_keys=True, ensure_ascii=False)
    return text.encode()
