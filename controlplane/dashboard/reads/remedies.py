"""Remedies without a person, as the pages of an environment and of an incident show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from workloads import unattended
from workloads.models import Environment, RemedyPolicy, RemedyUse


@dataclass(frozen=True, slots=True)
class Panel:
    """The policy of an environment with what was let through within the hour, and whether this person may stop or resume it."""

    policy: RemedyPolicy | None
    labels: Sequence[str]
    uses: Sequence[RemedyUse]
    may_stop: bool
    may_resume: bool


def panel(actor: Actor, environment: Environment, now: datetime) -> Panel:
    """How it stands now."""
    policy = unattended.policy_of(environment)
    if policy is None:
        return Panel(None, (), (), False, False)
    labels = dict(unattended.possible())
    scopes = environment.scopes
    stopped = policy.stopped_at is not None
    may_stop = not stopped and (rights.may(actor, Verb.RUN, scopes) or rights.may(actor, Verb.APPROVE, scopes))
    return Panel(
        policy,
        [labels.get(kind, kind) for kind in policy.kinds],
        unattended.used_lately(environment, now),
        may_stop,
        stopped and rights.may(actor, Verb.UNLOCK, scopes),
    )
