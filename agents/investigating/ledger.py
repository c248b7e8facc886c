"""Pure: evidence with ids. The same line of the same source has the same id whenever it is seen, in whatever order one looks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

SHORT, LONG = 6, 16  # hexadecimal digits of an id
LONGEST = 1_500  # characters of a piece
MOST = 3_000  # pieces of one inquiry


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence: of which kind, where it stands, what it says, and when, if it says. `number`: of the row it is of."""

    id: str
    source: str
    where: str
    text: str
    at: str = ""
    number: int = 0

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


@dataclass(slots=True)
class Ledger:
    """All evidence that was seen for one inquiry, in the order it was first seen."""

    pieces: dict[str, Piece] = field(default_factory=dict)

    def note(self, source: str, where: str, text: str, at: str = "", number: int = 0) -> str:
        """Take in a piece; its id. Beyond MOST nothing is taken in, and the id is empty."""
        where, text = where[:300], text.strip()[:LONGEST]
        digest = hashlib.sha256("\0".join([source, where, text, at]).encode()).hexdigest()
        for size in (SHORT, LONG):
            piece = Piece(f"{source}-{digest[:size]}", source, where, text, at[:40], number)
            known = self.pieces.get(piece.id)
            if known is not None and (known.source, known.where, known.text, known.at) == (source, where, text, piece.at):
                return piece.id
            if known is None:
                return self._take(piece)
        return ""

    def kept(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """The pieces of these ids, each once."""
        return [self.pieces[id].as_json() for id in dict.fromkeys(ids) if id in self.pieces]

    def _take(self, piece: Piece) -> str:
        if len(self.pieces) >= MOST:
            return ""
        self.pieces[piece.id] = piece
        return piece.id
