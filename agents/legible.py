"""Pure: outside text as a model may be shown it. Every line is marked as quoted, and nothing in it can be invisible.

Logs, commits and documents may hold orders. That they are not obeyed is the doing of the tools, none of which acts;
quoting only keeps apart what Timonel says and what it shows.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

MARK = "| "
# What ends a line for somebody: a quotation is marked again after each.
_LINE_END = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Controls, formats (direction, joiners, tags), private use, unassigned, halves: what a reader does not see.
_UNSEEN = {"Cc", "Cf", "Co", "Cn", "Cs"}
_TELL_APART = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")  # colours of a terminal say nothing to a model


def visible(text: str) -> str:
    """The text with every character that cannot be seen written as its number, `[U+202E]`; tabs and line ends stay."""
    text = _TELL_APART.sub("", text)
    return "".join(_shown(character) for character in text) if not text.isascii() or not text.isprintable() else text


def quoted(text: str) -> str:
    """The text with a mark at the beginning of each line, whatever ends a line."""
    return "\n".join(f"{MARK}{visible(line)}" for line in lines(text))


def lines(text: str) -> list[str]:
    """The lines, whatever ends them."""
    return _LINE_END.split(text)


def one_line(text: str, longest: int = 300) -> str:
    """The text on one line that cannot be broken, cut to so many characters."""
    line = visible(" ".join(part.strip() for part in lines(text) if part.strip()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def visible_value(value: Any) -> Any:
    """The JSON value with every text in it made visible."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(str(key)): visible_value(item) for key, item in value.items()}
    return [visible_value(item) for item in value] if isinstance(value, list | tuple) else value


def _shown(character: str) -> str:
    unseen = character not in "\n\t" and unicodedata.category(character) in _UNSEEN
    return f"[U+{ord(character):04X}]" if unseen or "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0000" else character
