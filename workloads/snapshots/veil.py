"""Kubernetes objects without what is secret: no values of Secrets, nothing that looks like one elsewhere. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from controlplane.core.redaction import MASK, SECRET_NAME, redact

Json = dict[str, Any]
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
VALUES = {"data", "stringData", "binaryData"}
# "couldn't find key URL in Secret shop/web-1": the kubelet's words, in which a rule for secrets would see a secret.
REFERENCE = re.compile(r"\b[Ss]ecret [a-z0-9-]{1,63}/[a-z0-9.-]{1,253}(?![\w/=+])")
PLACE = "(reference)"
BY_NAME = {"data", "annotations", "env", "stringData"}  # where a name tells that its value is secret


def veiled(item: Json) -> Json:
    """The object as it may be kept: redacted, without managed fields, Secrets with their names only."""
    metadata = {name: value for name, value in (item.get("metadata") or {}).items() if name != "managedFields"}
    notes = {name: value for name, value in (metadata.get("annotations") or {}).items() if name != APPLIED}
    metadata = metadata | ({"annotations": notes} if notes else {})
    if not notes:
        metadata.pop("annotations", None)
    bare = {**item, "metadata": metadata}
    if item.get("kind") == "Secret":
        bare = {name: value for name, value in bare.items() if name not in VALUES}
    found: Json = _walk(bare, "")
    return found


@lru_cache(maxsize=50_000)
def text(value: str) -> str:
    """A text from outside, redacted; objects say the same words again and again. The name of a Secret is none."""
    names = REFERENCE.findall(value)
    if not names:
        return redact(value)
    first, *others = redact(REFERENCE.sub(PLACE, value.replace(PLACE, ""))).split(PLACE)
    return first + "".join(name + other for name, other in zip(names, others, strict=False))


def _walk(value: Any, within: str) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [_walk(item, within) for item in value]
    if not isinstance(value, dict):
        return value
    if within == "env" and SECRET_NAME.search(str(value.get("name", ""))) and value.get("value"):
        return {"name": value["name"], "value": MASK}
    return {text(name): _kept(name, item, within) for name, item in value.items()}


def _kept(name: str, item: Any, within: str) -> Any:
    if isinstance(item, str) and item and within in BY_NAME - {"env"} and SECRET_NAME.search(name):
        return MASK
    return _walk(item, name)
