"""From what a report says to a Fact: lengths, line numbers, severities and paths that can be kept and shown."""

from __future__ import annotations

import re
from urllib.parse import unquote

from controlplane.core.errors import Invalid
from workloads.evidence import Fact

MESSAGE, RULE, PATH = 500, 200, 500
LAST_LINE = 2**31 - 1
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SCHEME = re.compile(r"^(file:(//[^/]*)?|[A-Za-z]:(?=[\\/]))")
SEVERITIES = {
    "critical": "critical",
    "high": "high",
    "error": "high",
    "medium": "medium",
    "moderate": "medium",
    "warning": "medium",
    "low": "low",
    "note": "low",
    "negligible": "low",
    "info": "info",
    "none": "info",
    "unknown": "info",
}


def fact(
    place: str,
    tool: str,
    rule: str,
    severity: str,
    message: str,
    *,
    path: str = "",
    line: int | None = None,
    source_line: str = "",
    cure: str = "",
) -> Fact:
    """A fact whose parts can be kept; `place` is where the report says it."""
    return Fact(
        tool=clean(tool, 40),
        rule=clean(rule, RULE),
        severity=severity,
        message=clean(message, MESSAGE) or clean(rule, RULE),
        path=path_of(path, place),
        line=line if line is not None and 0 < line <= LAST_LINE else None,
        source_line=clean(source_line, MESSAGE),
        cure=clean(cure, MESSAGE),
    )


def severity_of(text: str, place: str) -> str:
    """A value of Finding.Severity for the word of a tool; Invalid for a word that is none."""
    found = SEVERITIES.get(text.strip().lower())
    if found is None:
        known = ", ".join(SEVERITIES)
        raise Invalid(f"{place}: there is no severity {clean(text, 40)!r}.", cure=f"Known: {known}.")
    return found


def clean(text: str, most: int) -> str:
    """The text without what no database holds, cut to `most` characters."""
    found = _CONTROL.sub("", text[: 2 * most]).strip()
    return found if len(found) <= most else f"{found[: most - 1]}…"


def path_of(text: str, place: str) -> str:
    """A path below the source's root, with slashes; Invalid for one that climbs out of it."""
    path = clean(unquote(_SCHEME.sub("", text)).replace("\\", "/"), PATH)
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise Invalid(f"{place}: the path {path[:120]!r} climbs out of the source.", cure="Give paths below the repository's root.")
    return "/".join(parts)
