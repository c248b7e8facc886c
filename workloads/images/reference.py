"""Pure: the name of an image, taken apart as the registries do it (github.com/distribution/reference, normalised names)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from controlplane.core.errors import Invalid

HUB = "docker.io"
HOST = re.compile(r"(?:localhost|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9-]+(?=:\d)|\[[0-9a-fA-F:]+\])(?::\d{1,5})?\Z")
PATH = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*\Z")
TAG = re.compile(r"\w[\w.-]{0,127}\Z", re.A)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
LONGEST = 400  # characters, as a release keeps it
CURE = "Write it as registry/team/name@sha256:..., or with a tag: registry/team/name:1.2."


@dataclass(frozen=True, slots=True)
class Reference:
    """An image: where it is kept, and which one (by tag, by digest, or both)."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """Without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def tagged(self) -> str:
        """By its tag; `latest` where none is named, as every client reads it."""
        return f"{self.name}:{self.tag or 'latest'}"

    @property
    def pinned(self) -> str:
        """By its digest alone: exactly one image for ever. Empty without one."""
        return f"{self.name}@{self.digest}" if self.digest else ""

    def at(self, digest: str) -> Reference:
        """The same image with this digest."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse(text: str) -> Reference:
    """The parts of a name. Raises Invalid for what no registry would take."""
    rest, _, digest = text.strip().partition("@")
    registry, rest = _registry(rest)
    path, colon, tag = rest.partition(":")
    path = f"library/{path}" if registry == HUB and "/" not in path else path
    wrong = (
        len(text) > LONGEST
        or not PATH.match(path)
        or (colon and not TAG.match(tag))
        or ("@" in text and not DIGEST.match(digest))
        or not HOST.match(registry)
    )
    if wrong:
        raise Invalid(f"{text[:LONGEST]!r} is not the name of an image.", cure=CURE)
    return Reference(registry, path, tag, digest)


def _registry(text: str) -> tuple[str, str]:
    """The registry's host, where the first part is one (a dot, a port or `localhost`), and the rest."""
    first, slash, rest = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return ({"index.docker.io": HUB, "registry-1.docker.io": HUB}.get(first, first), rest)
    return HUB, text
