"""How a release is rolled out: one protocol, one module a driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from workloads.evidence import Evidence
from workloads.foreseen import Foreseen
from workloads.models import Environment, Former, Instance, Release
from workloads.repairs import Repair
from workloads.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an effect came to. `switched` says whether traffic now goes to the release."""

    verdict: Verdict
    summary: str
    switched: bool
    instance_id: int | None = None
    cure: str = ""
    evidence: tuple[Evidence, ...] = ()


class Say(Protocol):
    """Where progress is told, line by line; output of outside programs is kind `line`."""

    def __call__(self, text: str, *, kind: str = "note", level: str = "info") -> None: ...


class Driver(Protocol):
    """Every method may be called again with the same key and then finds what the first call did.

    `returning`: it ran here before and comes back as it was, configuration and manifests included; nothing is migrated.
    """

    def foresee(self, environment: Environment, release: Release, *, returning: bool = False) -> Foreseen | None:
        """What a world outside would become, for the preview; None where the rows say it all. Changes nothing."""

    def stage(
        self,
        environment: Environment,
        release: Release,
        key: str,
        say: Say,
        *,
        returning: bool = False,
        shown: Foreseen | None = None,
    ) -> Outcome:
        """Prepare the release beside the live one: folder, database, migrations, release steps, start, preview checks.

        `shown` is what was foreseen and approved: nothing is forced or removed that it does not name.
        """

    def switch(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """Send the stable address to this instance; the former one is kept 30 s for an instant way back."""

    def observe(self, environment: Environment, instance: Instance, seconds: float, say: Say) -> Outcome:
        """Watch the switched instance through its stable address: probes, process metrics, logs."""

    def complete(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """Give it all the traffic, where it was left with a part of it and a person wants it kept."""

    def undo(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """Send the stable address back to the instance before, where it still runs, and stop this one."""

    def retire(self, environment: Environment, instance: Instance) -> None:
        """Stop an instance that never got traffic."""


@runtime_checkable
class Mends(Protocol):
    """A driver whose world others can change: it finds what drifted, and mends it."""

    def drifted(self, environment: Environment) -> Foreseen | None:
        """What is no longer as it was applied, as mending would change it; None where nothing runs. Changes nothing."""

    def mend(self, environment: Environment, shown: Foreseen, key: str, say: Say) -> Outcome:
        """Make what was shown as it was applied."""


@dataclass(frozen=True, slots=True)
class Order:
    """A repair to be carried out as it was shown; `action` and `change` are the numbers of the rows that say so."""

    repair: Repair
    shown: Foreseen
    action: int
    change: int
    reviewed: bool = False  # by a pull request, where a repository says what runs


@runtime_checkable
class Repairs(Protocol):
    """A driver in whose world single objects can be repaired."""

    def foresee_repair(
        self, environment: Environment, repair: Repair, *, follows: bool = False, reviewed: bool = False
    ) -> Foreseen:
        """What the world would become, by a dry run; `follows`: once something else is done, so that it may not work yet.

        `reviewed`: by a pull request. Raises Refused for a missing right or where that cannot be, Conflict where the world is not
        as presumed.
        """

    def repair(self, environment: Environment, order: Order, key: str, say: Say) -> Outcome:
        """Write it once, to the object that was shown; what stood before is kept first."""

    def holds(self, environment: Environment, order: Order, seconds: float, say: Say) -> Outcome:
        """Look until what was broken holds, or the time is over. NOT_EVALUATED: people must merge it first; look again later."""

    def stands_again(self, environment: Environment, order: Order, former: Former, seconds: float, say: Say) -> Outcome:
        """Look until what a repair wrote is as it was before; as `holds`."""
