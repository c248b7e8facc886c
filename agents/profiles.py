"""How long each step may take, and how each specialist is configured; a row a specialist, made with the tables."""

from __future__ import annotations

from agents.models import AgentProfile
from agents.specialists import registry

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
    """Make the profiles of specialists that have none yet; what was configured stays."""
    rows = [AgentProfile(name=name, blocking=name not in ADVISORY) for name in registry()]
    AgentProfile.objects.using(using).bulk_create(rows, ignore_conflicts=True)


def seconds_for(node: str) -> int:
    """The time limit of a node that is no specialist."""
    return SECONDS.get(node, DEFAULT_SECONDS)
