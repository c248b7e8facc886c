"""The typed effects of a Change: preview, apply, verify, undo; one module a noun. Called by workloads.changes only."""

from workloads.actions.drafts import ActionDraft, Kind, promote, restore, roll_back, roll_out
from workloads.actions.registry import EFFECTS, effect_of, preview
from workloads.actions.work import AGAIN, Effect, Work, evidence_of, failure

__all__ = [
    "AGAIN",
    "EFFECTS",
    "ActionDraft",
    "Effect",
    "Kind",
    "Work",
    "effect_of",
    "evidence_of",
    "failure",
    "preview",
    "promote",
    "restore",
    "roll_back",
    "roll_out",
]
