"""Who acts: a person, a person's token, or a part of Timonel. The actor is an argument of every write."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controlplane.core.models import ApiToken, User


class ActorKind(StrEnum):
    PERSON = "person"
    TOKEN = "token"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as kept in the audit even after the person is deleted."""

    kind: ActorKind
    label: str
    user_id: int | None = None
    token_id: int | None = None
    request_id: str = ""

    @classmethod
    def person(cls, user: User, request_id: str = "") -> Actor:
        """A signed-in person."""
        return cls(ActorKind.PERSON, user.get_username(), user.pk, None, request_id)

    @classmethod
    def token(cls, token: ApiToken, request_id: str = "") -> Actor:
        """A person's API token: the person, limited by the token."""
        return cls(ActorKind.TOKEN, f"{token.user.get_username()} (token {token.name})", token.user_id, token.pk, request_id)

    @classmethod
    def system(cls, part: str) -> Actor:
        """A part of Timonel itself: `policy`, `reaper`, `demo`, `deploy graph`."""
        return cls(ActorKind.SYSTEM, part)

    @property
    def at_the_terminal(self) -> bool:
        """Whether this is a person at the machine itself: whoever can run manage.py there can do anything to it anyway."""
        return self.kind is ActorKind.SYSTEM and self.label.split(" ")[0] == "terminal"
