"""Pure: words of strangers made harmless in a Dockerfile, or refused."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable

from controlplane.core.errors import Invalid

FOLDER = re.compile(r"[\w.@+-][\w.@+ -]*(?:/[\w.@+-][\w.@+ -]*)*\Z")


def folder(path: str) -> str:
    """A path inside the repository as an instruction takes it. Raises Invalid for one that leaves it, or could be read as more."""
    if path and (not FOLDER.match(path) or ".." in path.split("/")):
        raise Invalid(f"The folder {path[:100]!r} cannot be named in a Dockerfile.", cure="Use letters, digits, dots and hyphens.")
    return path


def command(words: Iterable[str]) -> str:
    """A command of a RUN instruction: words stay words."""
    found = list(words)
    if not all(word.isprintable() for word in found):
        raise Invalid(
            "A step holds a line break or a sign that cannot be shown.", cure="Change the application's build or release steps."
        )
    return shlex.join(found)


def instruction(name: str, words: Iterable[str]) -> str:
    """An instruction in its JSON form (CMD, COPY): no shell reads it."""
    return f"{name} {json.dumps(list(words))}"


def value(text: str) -> str:
    """A value of LABEL or ENV: nothing in it is expanded."""
    return json.dumps(plain(text), ensure_ascii=False).replace("$", "\\$")


def plain(text: str) -> str:
    """One line of a comment."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def assignments(values: dict[str, str]) -> str:
    """Variables for the commands that follow, one a line."""
    return " \\\n        ".join(f"{name}={shlex.quote(given)}" for name, given in values.items())
