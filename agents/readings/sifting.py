"""Pure: what is kept of an answer. Only what rests on a fact that was shown; what was not kept is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.readings.shapes import Told

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """`rests`: whether the text itself names a fact that was shown. The rest is as Reading keeps it."""

    rests: bool
    risks: list[dict[str, Any]]
    facts: list[dict[str, str]]
    not_kept: str


def sift(told: Told, facts: Sequence[dict[str, str]]) -> Kept:
    """The answer without ids of facts that nobody showed it, and without risks that rest on none."""
    shown = {fact["id"]: fact for fact in facts}
    cited = [*told.facts, *(name for risk in told.risks for name in risk.facts)]
    risks = [
        {**risk.model_dump(), "facts": list(dict.fromkeys(name for name in risk.facts if name in shown))} for risk in told.risks
    ]
    kept = [risk for risk in risks if risk["facts"]]
    named = dict.fromkeys(name for name in [*told.facts, *(name for risk in kept for name in risk["facts"])] if name in shown)
    unknown = list(dict.fromkeys(name for name in cited if name not in shown))
    rests = any(name in shown for name in told.facts)
    return Kept(rests, kept, [shown[name] for name in named], _not_kept(unknown, len(risks) - len(kept)))


def _not_kept(unknown: Sequence[str], baseless: int) -> str:
    said = []
    if unknown:
        named = ", ".join(name[:20] for name in unknown[:MOST_NAMED])
        said.append(_("It named facts that it was not shown: %(ids)s.") % {"ids": named})
    if baseless:
        text = ngettext(
            "%(count)d risk that it named rests on nothing and is left away.",
            "%(count)d risks that it named rest on nothing and are left away.",
            baseless,
        )
        said.append(text % {"count": baseless})
    return " ".join(said)
