"""Pure: what is kept of an answer. Only what rests on evidence that was seen; what was not kept is counted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from agents.investigating.shapes import Claim, Reply

LONGEST_UNKNOWN = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """`text` is empty where the answer rested on nothing. `cited` are the ids that stay, `dropped` counts what rested on none."""

    text: str
    cited: tuple[str, ...]
    claims: list[dict[str, Any]]
    stance: str
    differs: dict[str, Any]
    unknown: list[str]
    dropped: int
    invented: tuple[str, ...] = field(default_factory=tuple)

    @property
    def rests(self) -> bool:
        """Whether anything is left."""
        return bool(self.text or self.claims)


def sift(reply: Reply, known: Collection[str], *, judged: bool) -> Kept:
    """The answer without what rests on nothing. `judged`: whether there is a result of the engine to stand to."""
    asked = [Claim(text=reply.answer, evidence=reply.evidence), *reply.claims, *([reply.differs] if reply.differs else [])]
    invented = dict.fromkeys(id for claim in asked for id in claim.evidence if id not in known)
    own, differs = _grounded(asked[0], known), _grounded(reply.differs, known)
    claims = [kept for claim in reply.claims if (kept := _grounded(claim, known))]
    stance = reply.engine if judged else ""
    wrong = differs if stance == "disagrees" else {}
    grounded = [*([own] if own else []), *claims, *([wrong] if wrong else [])]
    offered = 1 + len(reply.claims) + (1 if reply.differs else 0)
    return Kept(
        text=reply.answer if own else "",
        cited=tuple(dict.fromkeys(id for claim in grounded for id in claim["evidence"])),
        claims=claims,
        stance=stance,
        differs=wrong,
        unknown=[text.strip()[:LONGEST_UNKNOWN] for text in reply.unknown if text.strip()],
        dropped=offered - (1 if own else 0) - len(claims) - (1 if differs else 0),
        invented=tuple(invented),
    )


def _grounded(claim: Claim | None, known: Collection[str]) -> dict[str, Any]:
    """The claim with those of its ids that exist; nothing where none does."""
    ids = list(dict.fromkeys(id for id in claim.evidence if id in known)) if claim else []
    return {"text": claim.text, "evidence": ids} if claim and ids else {}
