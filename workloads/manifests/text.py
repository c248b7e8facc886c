"""Objects as YAML that every reader of YAML reads alike, and a person likes to read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from controlplane.core.errors import Invalid

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


def read(content: str) -> list[Json]:
    """The objects of a file. Raises Invalid for what is no YAML, or has anchors, which written out could grow without bound."""
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(content)):
            raise Invalid("YAML with aliases is not read here.", cure="Write it out.")
        return [item for item in yaml.safe_load_all(content) if isinstance(item, dict)]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Invalid("This is no YAML.", cure="Mend the file.") from error


def document(item: Any) -> str:
    """One object."""
    return yaml.dump(item, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def documents(items: Iterable[Json]) -> str:
    """Several objects in one file, in their order."""
    return "---\n".join(document(item) for item in items)
