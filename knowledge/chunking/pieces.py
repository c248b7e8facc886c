"""Blocks as a document's format gives them, packed into pieces of a size that a search can show and a model can read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

BEST, MOST = 900, 2_400  # characters: begin another piece after this; cut even what belongs together
CROWD = 2_000  # pieces: a document that would have more is no longer cut at its headings


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, table, or piece of code under its headings, with its lines (from 1, last included)."""

    text: str
    headings: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Piece:
    """What becomes a passage."""

    text: str
    headings: tuple[str, ...]
    first: int
    last: int


def pack(blocks: Iterable[Block]) -> list[Piece]:
    """Blocks under the same headings together up to the best size; small sections beside each other under what they share."""
    sections = list(_sections(part for block in blocks for part in _cut(block)))
    found = _beside(sections, _goes_with)
    return found if len(found) <= CROWD else _beside(found, _fits)


def _beside(pieces: Iterable[Piece], goes_with: Callable[[Piece, Piece], bool]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if found and goes_with(found[-1], piece):
            found[-1] = _joined(found[-1], piece)
        else:
            found.append(piece)
    return found


def _sections(blocks: Iterable[Block]) -> Iterator[Piece]:
    current: Piece | None = None
    for block in blocks:
        fits = current is not None and block.headings == current.headings and len(current.text) + len(block.text) <= BEST
        if current is not None and fits:
            current = replace(current, text=f"{current.text}\n\n{block.text}", last=block.last)
            continue
        if current is not None:
            yield current
        current = Piece(block.text, block.headings, block.first, block.last)
    if current is not None:
        yield current


def _goes_with(former: Piece, piece: Piece) -> bool:
    """Whether both are short and of one chapter, so that neither says enough alone."""
    shared = _shared(former.headings, piece.headings)
    return len(former.text) + len(piece.text) <= BEST // 2 and bool(shared)


def _fits(former: Piece, piece: Piece) -> bool:
    """Whether both are one piece where there are too many; their headings are part of what is said then."""
    return len(former.text) + len(piece.text) + sum(map(len, piece.headings)) <= BEST


def _joined(former: Piece, piece: Piece) -> Piece:
    shared = _shared(former.headings, piece.headings)
    own = [name for name in piece.headings[len(shared) :] if name]
    before = former.text if former.headings == shared else "\n".join([*former.headings[len(shared) :], former.text])
    return Piece("\n\n".join([before, "\n".join([*own, piece.text])]), shared, former.first, piece.last)


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return one[:same]


def _cut(block: Block) -> Iterator[Block]:
    """The block, or where it is too large for anybody its runs of whole lines; a line without end is cut by length."""
    if len(block.text) <= MOST:
        yield block
        return
    held: list[str] = []
    first, size = block.first, 0
    for number, line in enumerate(block.text.split("\n"), block.first):
        for at in range(0, max(len(line), 1), MOST):
            part = line[at : at + MOST]
            if held and size + len(part) > MOST:
                yield _part(block, held, first, number - (at == 0))
                held, first, size = [], number, 0
            held.append(part)
            size += len(part) + 1
    if "".join(held).strip():
        yield _part(block, held, first, block.last)


def _part(block: Block, lines: list[str], first: int, last: int) -> Block:
    return Block("\n".join(lines), block.headings, min(first, block.last), min(max(first, last), block.last))
