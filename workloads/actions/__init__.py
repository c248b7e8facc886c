"""The typed effects of a Change: preview, apply, verify, undo; one module a noun. Called by workloads.changes only."""

from workloads.actions.drafts import ActionDraft, Kind, promote, repair, restore, roll_back, roll_out, undo_repair
from workloads.actions.registry import EFFECTS, effect_of, preview
from workloads.actions.repairing import repair_of, repairing, way_back
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
    "repair",
    "repair_of",
    "repairing",
    "restore",
    "roll_back",
    "roll_out",
    "undo_repair",
    "way_back",
]
