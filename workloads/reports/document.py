"""JSON of strangers, read step by step: every step knows its place, and says it when the shape is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from controlplane.core.errors import Invalid

MOST_NODES = 1_000_000
KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "yes or no",
    int: "a number",
    float: "a number",
    type(None): "nothing",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document and where it stands, such as `$.runs[0].results`."""

    value: object
    place: str = "$"

    def get(self, name: str) -> Node:
        """The value of that name in this object; a Node of None where there is none."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return Node(self.value.get(name), f"{self.place}.{name}")

    def names(self) -> list[str]:
        """The names in this object."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return list(self.value)

    def items(self) -> Iterator[Node]:
        """The values of this list; none where there is nothing."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        for index, value in enumerate(self.value):
            yield Node(value, f"{self.place}[{index}]")

    def text(self, default: str | None = None) -> str:
        """This text; without a default it must be there and not be empty."""
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str) or (default is None and not self.value.strip()):
            raise self.wrong("a text")
        return self.value

    def number(self) -> int | None:
        """This whole number, or None where there is none."""
        if self.value is None:
            return None
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.wrong("a whole number")
        return self.value

    def wrong(self, wanted: str) -> Invalid:
        """The error of a value of another kind."""
        return Invalid(
            f"{self.place}: {wanted} is needed, and this is {KINDS.get(type(self.value), 'something else')}.",
            cure="Send the report as the tool wrote it, and name its format.",
        )


def load(content: bytes) -> Node:
    """The document; Invalid names the line where it is none."""
    if content.count(b"{") + content.count(b"[") > MOST_NODES:
        raise Invalid("The report holds too many values.", cure="Let the tool report less at once.")
    try:
        return Node(json.loads(content.decode("utf-8-sig"), parse_constant=_no_number))
    except json.JSONDecodeError as error:
        raise Invalid(f"Line {error.lineno}, column {error.colno}: this is no JSON: {error.msg}.") from error
    except RecursionError as error:
        raise Invalid("The report is nested too deep to be one.") from error
    except ValueError as error:
        raise Invalid(f"This is no JSON: {str(error)[:200]}.") from error


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")
