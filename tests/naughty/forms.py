"""The forms of a page, as a browser would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

PRESSED = {"submit", "button", "reset", "image"}


@dataclass
class Form:
    """Where a form goes, and what it sends when nothing is typed."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)

    def filled(self, name: str, text: str) -> dict[str, str]:
        """What is sent when this text stands in one field, and something sensible in those that are empty."""
        return {**{key: value or "x" for key, value in self.fields.items()}, name: text}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("method", "get").lower(), given.get("action", ""))
            self.forms.append(self._open)
        elif self._open is not None:
            self._read(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""

    def _read(self, tag: str, given: dict[str, str]) -> None:
        assert self._open is not None
        fields, name = self._open.fields, given.get("name", "")
        if tag in {"input", "textarea", "button"} and name:
            if given.get("type") not in PRESSED or name not in fields:
                fields.setdefault(name, given.get("value", ""))
        elif tag == "select" and name:
            self._select, fields[name] = name, ""
        elif tag == "option" and self._select and (not fields[self._select] or "selected" in given):
            fields[self._select] = given.get("value", "")


def forms(page: str) -> list[Form]:
    """Every form of the page, in its order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms
