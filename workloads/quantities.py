"""Quantities of Kubernetes ("250m", "1.5Gi", "1e3") as plain numbers (apimachinery's `resource.Quantity`). Pure."""

from __future__ import annotations

import re
from functools import lru_cache

# Bounded: "1e999999999" is no quantity either.
_FORM = re.compile(r"([+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20}))(?:[eE]([+-]?[0-9]{1,2})|([numkKMGTPE]?i?))")
_POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {f"{letter}i": 1 << 10 * (step + 1) for step, letter in enumerate("KMGTPE")}


def amount(text: object) -> float | None:
    """Cores, bytes or pieces; None for what is no quantity, of whatever type it is."""
    return _amount(str(text).strip())


def quantity(text: object) -> float:
    """The same, 0 for what is no quantity."""
    return amount(text) or 0.0


@lru_cache(maxsize=4096)
def _amount(text: str) -> float | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    number, exponent, unit = found.groups()
    if unit in _BINARY:
        return float(number) * _BINARY[unit]
    power = int(exponent) if exponent else _POWERS.get(unit)
    if power is None:
        return None
    return float(number) * 10.0**power if power >= 0 else float(number) / 10.0**-power
