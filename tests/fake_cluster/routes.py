"""What an address of the API means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.fake_cluster.store import Key, Refusal

PATTERN = re.compile(
    r"/(?:api|apis(?=/[^/]+/[^/]+/))/(?P<api>v1|[^/]+/[^/]+)(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[^/]+)(?P<rest>/.*)?)?"
)
SUBS = {"status", "scale", "log", "proxy", "eviction", "token", "finalize"}


@dataclass(frozen=True, slots=True)
class Route:
    """A collection, an object or a part of one; `plural` empty: something else (`/version`, discovery)."""

    api: str = ""
    kind: str = ""
    plural: str = ""
    namespace: str = ""
    name: str = ""
    sub: str = ""
    rest: str = ""
    stored: bool = True

    @property
    def collection(self) -> bool:
        return bool(self.plural) and not self.name

    @property
    def key(self) -> Key:
        return (self.api, self.plural, self.namespace, self.name)

    @property
    def resource(self) -> str:
        """As rights name it: "pods/log"."""
        return f"{self.plural}/{self.sub}" if self.sub else self.plural


def routed(path: str, kinds: list[dict[str, Any]]) -> Route:
    """What this path is; 404 for what there is no kind of."""
    found = PATTERN.fullmatch(path)
    if found is None or not path.startswith(("/api/v1/", "/apis/")):
        return Route(stored=False)
    part = {name: value or "" for name, value in found.groupdict().items()}
    if part["namespace"] and part["plural"] in SUBS:  # /api/v1/namespaces/x/status
        part |= {"plural": "namespaces", "name": part["namespace"], "sub": part["plural"], "namespace": ""}
    kind = next((kind for kind in kinds if (kind["api"], kind["plural"]) == (part["api"], part["plural"])), None)
    if kind is None:
        raise Refusal(404, "NotFound", "the server could not find the requested resource")
    return Route(
        part["api"],
        kind["kind"],
        part["plural"],
        part["namespace"],
        part["name"],
        part["sub"],
        part["rest"],
        kind.get("stored", True),
    )
