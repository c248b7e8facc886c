"""Several rankings made one: weighted reciprocal ranks (Cormack, Clarke and Buettcher 2009). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SMOOTHING = 10  # the paper's 60 was found with rankings of a thousand; ours have fifty


def fused(rankings: Iterable[tuple[float, Sequence[int]]]) -> dict[int, float]:
    """What each thing scores; a ranking that does not name it gives it nothing."""
    scores: dict[int, float] = {}
    for weight, ranking in rankings:
        for rank, thing in enumerate(ranking, 1):
            scores[thing] = scores.get(thing, 0.0) + weight / (SMOOTHING + rank)
    return scores
