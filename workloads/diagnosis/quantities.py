"""Kubernetes quantities (`500m`, `1.5Gi`, `2e3`) as plain numbers."""

from __future__ import annotations

import re
from functools import lru_cache

_QUANTITY = re.compile(r"([+-]?\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(e[+-]?\d{1,2}|[a-zA-Z]{0,2})")
_SUFFIXES = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SUFFIXES |= {f"{letter}i": 1024.0 ** (power + 1) for power, letter in enumerate("KMGTPE")}


@lru_cache(maxsize=4096)
def quantity(text: str) -> float:
    """The number a quantity stands for, 0 where it is none (apimachinery's `resource.Quantity`)."""
    match = _QUANTITY.fullmatch(text.strip())
    if not match:
        return 0.0
    number, suffix = float(match[1]), match[2]
    if suffix[:1] == "e" and len(suffix) > 1:
        return number * 10.0 ** int(suffix[1:])
    return number * _SUFFIXES.get(suffix, 0.0)
