"""How long each step may take, and how each specialist and the investigator is configured; a row each, made with the tables."""

from __future__ import annotations

from agents.investigating import asking, holding
from agents.models import AgentProfile
from agents.specialists import registry

INVESTIGATOR = asking.NAME
# Advisory: shown, and raising the risk, but not stopping the run.
ADVISORY = frozenset({"security"})
DEFAULT_SECONDS = 600
SECONDS = {
    "checkout": 600,
    "gate": 60,
    "approval": 60,
    "answer": 60,
    "apply": 1800,
    "verify": 900,
    "report": 60,
    "look": 420,
    "recheck": 420,
}


def profile(name: str) -> AgentProfile:
    """The specialist's profile."""
    return AgentProfile.objects.get_or_create(name=name, defaults={"blocking": name not in ADVISORY})[0]


def make_missing(using: str = "default") -> None:
    """Make the profiles that are missing, of specialists and of the investigator; what was configured stays."""
    rows = [AgentProfile(name=name, blocking=name not in ADVISORY) for name in registry()]
    rows.append(AgentProfile(name=INVESTIGATOR, blocking=False, most_rounds=12, most_tool_calls=30, most_tokens=150_000))
    AgentProfile.objects.using(using).bulk_create(rows, ignore_conflicts=True)


def tools_of(name: str) -> tuple[str, ...]:
    """The tools that a model acting for the one of this profile may hold at most."""
    if name == INVESTIGATOR:
        return holding.NAMES
    return registry()[name].tools if name in registry() else ()


def seconds_for(node: str) -> int:
    """The time limit of a node that is no specialist."""
    return SECONDS.get(node, DEFAULT_SECONDS)
