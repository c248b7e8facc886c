"""The story of a run as plain text, for shell scripts: lines in the body, the rest in headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import JSONRenderer

MARKS = {"warning": "! ", "error": "✗ "}
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0a-\x1f\x7f-\x9f]")


class Story(JSONRenderer):
    """One line an event; errors stay what they are."""

    media_type = "text/plain"
    format = "text"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        """Time and text; no event can move the cursor of a terminal."""
        if "events" not in data:
            return super().render(data, accepted_media_type, renderer_context)
        return "".join(f"{_line(event)}\n" for event in data["events"])


def headers(told: Mapping[str, Any]) -> dict[str, str]:
    """How the run stands."""
    code = {} if told["exit_code"] is None else {"Timonel-Exit-Code": str(told["exit_code"])}
    ended = "true" if told["ended"] else "false"
    return {"Timonel-Last": str(told["last"]), "Timonel-Status": told["status"], "Timonel-Ended": ended, **code}


def _line(event: Mapping[str, Any]) -> str:
    return f"{str(event['at'])[11:19]} {MARKS.get(event['level'], '')}{_CONTROL.sub('', event['text'])}"
