"""Objects as YAML that every reader of YAML reads alike, and a person likes to read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

Json = dict[str, Any]
WIDTH = 10_000  # a folded expression is harder to read than a long one
# What some reader takes for something else than a text: numbers of all kinds, and the words of YAML 1.1.
AMBIGUOUS = re.compile(r"[-+.]?[0-9][0-9a-fox_.:,eE+-]*|[-+]?\.(inf|nan)|y|n|yes|no|on|off|true|false|null|~|=|<<", re.I)


class _Dumper(yaml.SafeDumper):
    """No anchors; lists indented under their key."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text.strip("\n") else '"' if AMBIGUOUS.fullmatch(text) or not text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def document(item: Any) -> str:
    """One object."""
    return yaml.dump(item, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def documents(items: Iterable[Json]) -> str:
    """Several objects in one file, in their order."""
    return "---\n".join(document(item) for item in items)
