"""Slack-compatible incoming webhooks (Slack, Mattermost, Rocket.Chat, Discord's /slack). Titles of others ping nobody."""

from __future__ import annotations

import json
import re
from typing import Any

from workloads.adapters.messages import Answer, Message
from workloads.adapters.posting import post

LONGEST_TITLE, LONGEST_TEXT = 150, 2_900  # characters that a header and a section hold
JOINER = "\N{WORD JOINER}"  # takes no room, and ends what would be a mention or a link
SIGNS = {"info": "Info", "warning": "Warning", "critical": "Critical"}


def send(message: Message, address: str, *, private: bool) -> Answer:
    """Post it once."""
    headers = {"X-Timonel-Delivery": message.key, "Idempotency-Key": message.key}
    return post(address, json.dumps(body(message)).encode(), headers, private=private)


def body(message: Message) -> dict[str, Any]:
    """Blocks for who draws them, a text for who does not. Blocks are plain text: no markup, no mentions."""
    place = " · ".join(part for part in (SIGNS.get(message.severity, ""), message.application, message.environment) if part)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(message.title, LONGEST_TITLE)}]
    if message.text:
        blocks.append({"type": "section", "text": _plain(message.text, LONGEST_TEXT)})
    blocks.append({"type": "context", "elements": [_plain(place or "Timonel", LONGEST_TITLE)]})
    opens = {"type": "button", "text": _plain("Open in Timonel", 75), "url": message.link}
    blocks.append({"type": "actions", "elements": [opens]})
    text = "\n".join(part for part in (quoted(message.title), quoted(message.text), f"<{message.link}>") if part)
    return {
        "text": text,
        "blocks": blocks,
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def quoted(text: str) -> str:
    """The text with Slack's three signs escaped, and with mentions and links broken of those who read Markdown in it."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"@(?=\S)", f"@{JOINER}", text)
    text = re.sub(r"\](?=[(\[:])", f"]{JOINER}", text)
    return re.sub(r"(?i)\b(https?|ftp|mailto|javascript|data):", rf"\1{JOINER}:", text)


def _plain(text: str, longest: int) -> dict[str, Any]:
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return {"type": "plain_text", "text": quoted(cut)[: longest * 2], "emoji": False}
