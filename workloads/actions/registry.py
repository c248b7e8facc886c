"""Every kind of effect, and what several of them would do together."""

from __future__ import annotations

from collections.abc import Sequence

from controlplane.core.errors import Invalid
from workloads import deployments, previews
from workloads.actions.drafts import ActionDraft, Kind
from workloads.actions.promoting import Promote
from workloads.actions.repairing import Mend
from workloads.actions.restoring import Restore
from workloads.actions.rollouts import RollBack, RollOut
from workloads.actions.work import Effect
from workloads.models import Environment
from workloads.previews import Preview

EFFECTS: dict[str, Effect] = {
    Kind.ROLL_OUT: RollOut(),
    Kind.ROLL_BACK: RollBack(),
    Kind.PROMOTE: Promote(),
    Kind.RESTORE: Restore(),
    Kind.REPAIR: Mend(),
}


def effect_of(kind: str) -> Effect:
    """The effect of this kind."""
    try:
        return EFFECTS[kind]
    except KeyError:
        raise Invalid(f"There is no action '{kind}'.", cure=f"Use one of: {', '.join(sorted(EFFECTS))}.") from None


def preview(environment: Environment, drafts: Sequence[ActionDraft]) -> Preview:
    """What these actions would do to this environment as it is now: the bytes to show and to hash."""
    fresh = Environment.objects.select_related("application").get(pk=environment.pk)
    return previews.seal(
        {
            "format": 1,
            "target": previews.target(fresh, deployments.current(fresh)),
            "actions": [effect_of(draft.kind).preview(fresh, draft.parameters) for draft in drafts],
        }
    )
