"""Pure: whether a repair may be applied without a person, by the policy of its environment.

Only what can be taken back, of a kind that the policy names, at most so many in an hour, and never twice for the same cause within
it: a remedy that did not last is not repeated for ever. Whatever keeps an environment still keeps this, too: its stop button, a
hold, a stop, a lock, a closed window. In production it takes a word of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WITHIN = timedelta(hours=1)
PRODUCTION, HIGH = "production", "high"


@dataclass(frozen=True, slots=True)
class Use:
    """A repair that was let through: when, of which object, and for which cause."""

    at: datetime
    object: str
    cause: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The repair that asks to be applied, as far as it is judged."""

    kind: str
    label: str
    reversible: bool
    risk: str
    object: str
    cause: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What an environment allows. `still` says what keeps it still now (a stop, a hold, a lock, a window), empty where nothing."""

    tier: str
    kinds: Collection[str]
    most_an_hour: int
    in_production: bool = False
    still: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """The answer: allowed or a person decides, and why in a sentence."""

    allowed: bool
    because: str


def judge(policy: Policy, wanted: Wanted, uses: Sequence[Use], now: datetime) -> Judged:
    """Whether it may be applied without a person now. `uses`: what was let through there lately."""
    lately = [use for use in uses if use.at > now - WITHIN]
    because = _never(policy, wanted) or _not_now(policy, wanted, lately)
    if because:
        return Judged(False, because)
    counted = f"{len(lately) + 1} of {policy.most_an_hour} within an hour"
    return Judged(True, f"The policy of this environment allows “{wanted.label}” without a person: {counted}.")


def _never(policy: Policy, wanted: Wanted) -> str:
    """What no moment changes."""
    if not wanted.reversible:
        return f"“{wanted.label}” cannot be taken back: a person decides."
    if wanted.risk == HIGH:
        return f"“{wanted.label}” is of high risk: a person decides."
    if wanted.kind not in policy.kinds:
        return f"The policy of this environment does not name “{wanted.label}”."
    if policy.tier == PRODUCTION and not policy.in_production:
        return "The policy of this environment is not for production."
    return ""


def _not_now(policy: Policy, wanted: Wanted, lately: Sequence[Use]) -> str:
    if policy.still:
        return policy.still
    if any(use.object == wanted.object or use.cause == wanted.cause for use in lately):
        return f"{wanted.object} was repaired within the hour without a person, and it did not last."
    if len(lately) >= policy.most_an_hour:
        return f"{len(lately)} repairs were applied without a person within the hour, as many as the policy allows."
    return ""
