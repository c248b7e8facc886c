"""Amounts as Kubernetes writes them ("250m", "1Gi", "1e3") as numbers. Pure."""

from __future__ import annotations

import re

_FORM = re.compile(r"\s*([+-]?[0-9.]+)(?:([eE][+-]?[0-9]+)|([numkKMGTPE]i?)?)\s*")
_FACTORS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def amount(text: str | float) -> float | None:
    """Cores, bytes or pieces; None for what is no quantity."""
    found = _FORM.fullmatch(str(text))
    if found is None:
        return None
    number, power, unit = found.groups()
    try:
        value = float(number)
    except ValueError:
        return None
    if power:
        return float(value * 10.0 ** int(power[1:]))
    if unit in _BINARY:
        return float(value * (1 << _BINARY[unit]))
    factor = _FACTORS.get(unit or "")
    if factor is None:
        return None
    return value * 10.0**factor if factor >= 0 else value / 10.0**-factor
