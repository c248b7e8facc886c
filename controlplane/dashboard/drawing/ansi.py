"""Log lines with their ANSI colours, as safe HTML; every other control sequence is dropped."""

from __future__ import annotations

import re

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

SEQUENCE = re.compile(r"\x1b(?:\[(?P<codes>[0-9;]*)(?P<final>[A-Za-z])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def coloured(text: str) -> SafeString:
    """The line as HTML: escaped, colours as classes `ansi-red`, `ansi-bold` and so on."""
    parts, classes, at = [], frozenset[str](), 0
    for match in SEQUENCE.finditer(text):
        parts.append(_piece(text[at : match.start()], classes))
        if match["final"] == "m":
            classes = _after(classes, match["codes"])
        at = match.end()
    parts.append(_piece(text[at:], classes))
    return mark_safe("".join(parts))  # noqa: S308  every part comes from format_html


def plain(text: str) -> str:
    """The line without control sequences."""
    return CONTROL.sub("", SEQUENCE.sub("", text))


def _piece(text: str, classes: frozenset[str]) -> SafeString:
    text = CONTROL.sub("", text)
    if not text or not classes:
        return format_html("{}", text)
    return format_html('<span class="{}">{}</span>', " ".join(sorted(classes)), text)


def _after(classes: frozenset[str], codes: str) -> frozenset[str]:
    for code in (int(c) for c in (codes or "0").split(";") if c):
        if code == 0:
            classes = frozenset()
        elif code in (1, 2):
            classes |= {"ansi-bold" if code == 1 else "ansi-dim"}
        elif 30 <= code <= 37 or 90 <= code <= 97:
            classes = _without_colour(classes) | {f"ansi-{COLOURS[code % 10]}"}
        elif code == 39:
            classes = _without_colour(classes)
    return classes


def _without_colour(classes: frozenset[str]) -> frozenset[str]:
    return classes & {"ansi-bold", "ansi-dim"}
