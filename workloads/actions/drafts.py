"""What is proposed: a kind of effect with ids and plain values. Only these functions make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workloads.foreseen import Foreseen
from workloads.models import Action, Deployment, Release
from workloads.previews import Facts
from workloads.repairs import Repair

Kind = Action.Kind


@dataclass(frozen=True, slots=True)
class ActionDraft:
    """An effect that is proposed: its kind, and ids and plain values as `roll_out`, `roll_back` and `promote` make them."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def roll_out(release: Release, facts: Facts) -> ActionDraft:
    """Make this release live."""
    return ActionDraft(Kind.ROLL_OUT, {"release": release.pk, "facts": facts.as_json()})


def roll_back(to: Deployment, facts: Facts, *, automatic: bool = False) -> ActionDraft:
    """Make the release of this former deployment live again, with its code, configuration and variables."""
    return ActionDraft(
        Kind.ROLL_BACK, {"release": to.release_id, "deployment": to.pk, "facts": facts.as_json(), "automatic": automatic}
    )


def promote(deployment: Deployment) -> ActionDraft:
    """Keep a release live although its verification was inconclusive."""
    return ActionDraft(Kind.PROMOTE, {"deployment": deployment.pk})


def restore(drifted: Foreseen) -> ActionDraft:
    """Make what drifted as it was applied."""
    return ActionDraft(Kind.RESTORE, {"facts": Facts(world=drifted.as_json()).as_json()})


def repair(mended: Repair, facts: Facts, **more: Any) -> ActionDraft:
    """Repair one object. `more`: the incident it is for, notes to show, why no person is asked (`unattended`)."""
    return ActionDraft(Kind.REPAIR, {"repair": mended.as_json(), "facts": facts.as_json(), **more})


def undo_repair(action_id: int, back: Repair, facts: Facts, **more: Any) -> ActionDraft:
    """Take the repair of this action back. Only the names of it are kept here: values may be secret, and stay sealed."""
    named = {**back.as_json(), "parameters": {}}
    return ActionDraft(Kind.REPAIR, {"repair": named, "undoes": action_id, "facts": facts.as_json(), **more})
