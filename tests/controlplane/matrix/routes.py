"""Every address Timonel answers, read from the URL resolver."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, get_resolver

ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
CATCHES_THE_REST = ("^.*$", r"^[\s\S]*$", "(?P<")


@dataclass(frozen=True)
class Route:
    """One pattern of the resolver, such as `runs/<int:run_id>/`."""

    pattern: str
    view: Any

    @property
    def arguments(self) -> list[str]:
        """The names in the pattern."""
        return ARGUMENT.findall(self.pattern)

    @property
    def of_admin(self) -> bool:
        """Whether Django's admin answers it."""
        return self.pattern.startswith("admin/")

    @property
    def of_api(self) -> bool:
        """Whether the API answers it."""
        return self.pattern.startswith("api/")

    def address(self, values: dict[str, object]) -> str:
        """The address with these values in the place of the arguments."""
        return "/" + ARGUMENT.sub(lambda found: str(values[found[1]]), self.pattern).rstrip("$")


def routes() -> list[Route]:
    """All of them; not those that only catch what no other pattern matches."""
    return [route for route in _walk(get_resolver(), "") if not any(mark in route.pattern for mark in CATCHES_THE_REST)]


def _walk(resolver: Any, prefix: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield Route(pattern, entry.callback)
        else:
            yield from _walk(entry, pattern)
