"""Several rankings made one by their relative scores. Pure.

Reciprocal ranks, the usual way, forget how sure a ranking is: a question of common words gives a ranking by words that is
noise, and one error code gives one that is certain. So scores are kept, each relative to its ranking, and words weigh the
more, the more of the question and the rarer a word of it their best passage holds. The weights were measured on the
product's own questions and on alerts of others (decision "Search fuses scores, not ranks").
"""

from __future__ import annotations

from collections.abc import Sequence

WORDS_ALWAYS, WORDS_TELLING, HEADS = 0.2, 1.0, 0.2
TAIL = 0.5  # of the similarity of the last: as near as anything is

Scored = Sequence[tuple[int, float]]


def fused(by_words: Scored, by_meaning: Scored, by_heads: Sequence[int], telling: float) -> dict[int, float]:
    """What each thing scores. Rankings are best first; `telling`, about 0 to 1, is how much words say."""
    scores: dict[int, float] = {}

    def add(thing: int, score: float) -> None:
        scores[thing] = scores.get(thing, 0.0) + score

    for thing, score in by_words:
        add(thing, (WORDS_ALWAYS + WORDS_TELLING * telling) * score / (by_words[0][1] or 1.0))
    if by_meaning:
        tail = max(by_meaning[-1][1], 0.0) * TAIL
        span = by_meaning[0][1] - tail
        for thing, similarity in by_meaning:
            add(thing, (similarity - tail) / span if span > 0 else 0.0)
    for rank, thing in enumerate(by_heads, 1):
        add(thing, HEADS / rank)
    return scores
