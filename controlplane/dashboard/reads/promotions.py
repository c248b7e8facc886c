"""The path of an application's releases from tier to tier, and what may be promoted along it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workloads.models import Deployment, Environment
from workloads.verdicts import Verdict

TIERS = [str(tier) for tier in (Environment.Tier.LOCAL, Environment.Tier.STAGING, Environment.Tier.PRODUCTION)]


@dataclass(frozen=True, slots=True)
class Promotion:
    """A step of the path: what is live in one environment, and in the next one (nothing yet: None)."""

    source: Deployment
    target: Environment
    live: Deployment | None
    may_run: bool

    @property
    def arrived(self) -> bool:
        """Whether the target runs the same commit."""
        return self.live is not None and self.live.release.commit == self.source.release.commit

    @property
    def verified(self) -> bool:
        """Whether the source passed its verification: only that is promoted."""
        return self.source.verdict == Verdict.PASSED

    @property
    def offered(self) -> bool:
        """Whether the person can start it."""
        return self.may_run and self.verified and not self.arrived


def between(
    environments: Sequence[Environment], live: Mapping[int, Deployment], runnable: Iterable[Environment]
) -> list[Promotion]:
    """The steps, in the order of the tiers; the source of a step is in the nearest lower tier where something is live."""
    may_run = {environment.pk for environment in runnable}
    found = []
    for target in sorted(environments, key=lambda environment: (TIERS.index(environment.tier), environment.name)):
        source = next(_below(target, environments, live), None)
        if source is not None:
            found.append(Promotion(source, target, live.get(target.pk), target.pk in may_run))
    return found


def _below(target: Environment, environments: Iterable[Environment], live: Mapping[int, Deployment]) -> Iterator[Deployment]:
    """What is live in lower tiers, the nearest tier first; verified before unverified, then by name."""
    lower = [place for place in environments if TIERS.index(place.tier) < TIERS.index(target.tier) and place.pk in live]
    lower.sort(key=lambda place: (-TIERS.index(place.tier), live[place.pk].verdict != Verdict.PASSED, place.name))
    return (live[place.pk] for place in lower)
