"""What a forge is told, and what telling it gave back: the words between rows and adapters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Saying:
    """How one commit stands in one context; `state` is pending, running, success, failure or error."""

    repository: str
    commit: str
    context: str
    environment: str
    state: str
    description: str = ""
    link: str = ""
    ref: str = ""
    tag: bool = False
    remote: str = ""  # the number of the deployment at the forge, where it is known


@dataclass(frozen=True, slots=True)
class Told:
    """It was told: the number of the deployment, where the repository is now if it moved, and what else is to be known."""

    remote: str = ""
    moved: str = ""
    note: str = ""
