"""Stand-in until the effects of repairs are here: the names and shapes that others build on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from controlplane.core.actors import Actor
from controlplane.core.errors import Refused
from controlplane.core.models import User
from workloads.foreseen import Foreseen
from workloads.models import Change, Diagnosis, Environment, Incident
from workloads.repairs import Repair


@dataclass(frozen=True, slots=True)
class Offer:
    """A repair for a hypothesis (by its place), what it would change, or why it cannot be done."""

    hypothesis: int
    repair: Repair
    world: Foreseen | None = None
    why_not: str = ""


def offered(actor: Actor, diagnosis: Diagnosis) -> list[Offer]:
    """Nothing yet."""
    return []


def propose(
    actor: Actor,
    environment: Environment,
    repair: Repair,
    *,
    incident: Incident | None = None,
    run_number: int | None = None,
    idempotency_key: str,
    proposers: Iterable[User] = (),
) -> Change:
    """Nothing yet."""
    raise Refused("Repairs cannot be proposed yet.")


def propose_undo(
    actor: Actor,
    change: Change,
    *,
    incident: Incident | None = None,
    run_number: int | None = None,
    idempotency_key: str,
    proposers: Iterable[User] = (),
) -> Change:
    """Nothing yet."""
    raise Refused("Repairs cannot be taken back yet.")
