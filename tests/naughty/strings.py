"""The Big List of Naughty Strings (blns.json, MIT, blns.LICENSE), and what is naughty to this program in particular."""

from __future__ import annotations

import json
from pathlib import Path

LIST = tuple(dict.fromkeys(json.loads(Path(__file__).with_name("blns.json").read_text("utf-8"))))
# No page must make an element or an attribute of these; `naughty` is what they would set if they ran.
MARKUP = (
    "\"'><script>naughty=1</script>",
    "\"'><img src=x onerror=naughty=1>",
    "\"'><a href=javascript:naughty=1 autofocus onfocus=naughty=1>x</a>",
    "\"'><div hx-get=/sign-out/ hx-trigger=load data-live>x</div>",
    "\"'><div hx-ext=ws ws-connect=/live/overview/ ws-send>x</div>",
    "\"'><form action=/evil/ method=post><button>x</button></form><iframe srcdoc=x></iframe><base href=/evil/>",
    "' hx-on:click=naughty=1 onclick=naughty=1 data-choose=x x='",
    "</textarea></title></style></script><svg onload=naughty=1>",
    "{{ settings.SECRET_KEY }}{% include 'admin/base.html' %}{% load naughty %}",
    "javascript:naughty=1",
)
# What a database, a terminal, a number or an address cannot bear.
BYTES = (
    "\x00",
    "before\x00after",
    "\ud800",
    "half \udfff of a character",
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x1b[2J\x9b31m",
    "\u202eright to left\u2066",
    "²",
    "١٢٣",
    "-1",
    "9" * 30,
    "1e400",
    "NaN",
    "%00%ff../../etc/passwd",
    "a\r\nSet-Cookie: naughty=1\r\nX: y",
    "long " * 2_000,
    " \t\n ",
    "",
)
EVERY = (*BYTES, *MARKUP, *LIST)
WORST = ("before\x00after", "half \udfff of a character", "9" * 30)


def share(number: int, size: int) -> tuple[str, ...]:
    """Strings for the field of this number: the worst, and `size` of all; the fields together use them up."""
    start = number * size % len(EVERY)
    return (*WORST, *(EVERY + EVERY)[start : start + size])
