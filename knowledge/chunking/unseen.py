"""Characters that no reader sees, and that may hold what no reader should be told: they are not there. Pure.

Zero-width letters and joiners, marks of direction, tags, variation selectors, soft hyphens, controls. What remains is
what a person who opens the document sees.
"""

from __future__ import annotations

import re

# Line ends of other alphabets become spaces, so that lines are counted as editors count them.
ENDS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def without_unseen(text: str) -> str:
    """The text as it is seen; its lines stay where they are."""
    return UNSEEN.sub("", ENDS.sub(" ", text))
