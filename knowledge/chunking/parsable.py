"""HTML made ready for the parser of the standard library, which reads some of it as no browser does, and some without end. Pure."""

from __future__ import annotations

import re

COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.S)  # as browsers read them: one without an end hides the rest
LONGEST_TAG = 5_000  # characters; a longer one is text
DATA = re.compile(r"(?<=[\"'(])data:[\w/+.;=-]{0,100},[^\"'()<>\s]*")


def parsable(html: str) -> str:
    """The HTML without its comments, as browsers read them, and without what is only long; its lines stay where they are."""
    return _ended(DATA.sub("", COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), html)))


def _ended(text: str) -> str:
    """The text, every `<` that is not ended soon written as a sign: a parser would look for its end again and again."""
    parts = text.split("<")
    end = -1
    place = len(parts[0])
    for number, part in enumerate(parts[1:], 1):
        end = text.find(">", place) if end < place and end != len(text) else end
        end = len(text) if end < 0 else end
        parts[number] = f"<{part}" if end - place <= LONGEST_TAG and end < len(text) else f"&lt;{part}"
        place += len(part) + 1
    return "".join(parts)
