"""Places in YAML where a Helm template says what stands there.

An object is written with a token in each such place; once it is YAML, the tokens become template actions. So a template is
exactly what would be applied, but for the places that values decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from workloads.manifests import text

Json = dict[str, Any]
TOKEN = re.compile(r"HELMTOKEN(\d+)END")
LINE = re.compile(r"^(?P<indent> *)(?P<key>[^\n]*?): HELMTOKEN(?P<number>\d+)END$", re.M)


@dataclass(frozen=True, slots=True)
class Place:
    """One place: an expression, and how its value is written."""

    expression: str
    block: bool = False  # a map or a list below its key; left out where it is empty
    when: str = ""  # the line is there only where this holds


@dataclass(slots=True)
class Tokens:
    """The places of one template."""

    places: list[Place] = field(default_factory=list)

    def scalar(self, expression: str, *, when: str = "") -> str:
        """A value on its key's line."""
        return self._token(Place(expression, when=when))

    def block(self, expression: str) -> str:
        """A map or list below its key."""
        return self._token(Place(expression, block=True))

    def write(self, item: Json) -> str:
        """The object as a template."""
        plain = text.document(item).replace("{{", '{{ "{{" }}')
        lines = LINE.sub(self._line, plain)
        return TOKEN.sub(lambda found: f"{{{{ {self.places[int(found[1])].expression} }}}}", lines)

    def _token(self, place: Place) -> str:
        self.places.append(place)
        return f"HELMTOKEN{len(self.places) - 1}END"

    def _line(self, found: re.Match[str]) -> str:
        place, indent, key = self.places[int(found["number"])], found["indent"], found["key"]
        if place.block:
            under = len(indent) + 2
            listed = re.match(r"- ", key)
            if listed:
                under += 2
            body = f"{indent}{key}:\n{indent}  {{{{- toYaml . | nindent {under} }}}}"
            return f"{indent}{{{{- with {place.expression} }}}}\n{body}\n{indent}{{{{- end }}}}"
        line = f"{indent}{key}: {{{{ {place.expression} }}}}"
        return f"{indent}{{{{- if {place.when} }}}}\n{line}\n{indent}{{{{- end }}}}" if place.when else line


def value(*path: str) -> str:
    """The template expression for a value: ".Values.image.digest"."""
    found = ".Values"
    for part in path:
        found = f"{found}.{part}" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", part) else f'(index {found} "{part}")'
    return found


def when(condition: str, body: str) -> str:
    """The body where the condition holds."""
    return f"{{{{- if {condition} }}}}\n{body}{{{{- end }}}}\n"
