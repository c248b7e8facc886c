"""Secrets taken out of objects before anybody sees them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
MASK = "••••••"


def masked(item: Json) -> Json:
    """The object without the values of a Secret; what is not one is as it was."""
    if item.get("kind") != "Secret":
        return item
    found = dict(item)
    for field in ("data", "stringData"):
        if field in found:
            found[field] = dict.fromkeys(found[field] or {}, MASK)
    metadata = dict(found.get("metadata") or {})
    told = metadata.get("annotations") or {}
    metadata["annotations"] = {name: value for name, value in told.items() if not name.endswith("/last-applied-configuration")}
    return {**found, "metadata": metadata if metadata["annotations"] else {k: v for k, v in metadata.items() if k != "annotations"}}
