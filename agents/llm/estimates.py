"""How many tokens a text is, as far as can be told without the model's own tokenizer."""

from __future__ import annotations

from collections.abc import Iterable

BYTES_A_TOKEN = 3  # English has about four, code and Spanish about three: more tokens are set aside than are likely used
OVERHEAD = 8  # tokens around one message


def tokens(texts: Iterable[str]) -> int:
    """An estimate for these messages, rather too high than too low."""
    return sum(OVERHEAD + -(-len(text.encode()) // BYTES_A_TOKEN) for text in texts)
