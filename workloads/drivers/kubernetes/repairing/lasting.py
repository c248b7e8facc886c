"""Where a repair is made to last: the place that says what the next roll-out writes. Pure."""

from __future__ import annotations

_PLACES = {
    "scale": "To keep it, change the replicas in the target's options.",
    "set_resources": "To keep it, change the resources in the target's options.",
    "set_image": "To keep it, deploy a release with that image.",
    "set_variable": "To keep it, set the variable of the environment.",
    "fix_probe": "To keep it, change the probes in the target's options, or patch them there.",
    "restart": "A restart leaves nothing to keep.",
    "delete_pod": "A removed pod leaves nothing to keep.",
}
ELSEWHERE = "To keep it, change the target's options, or add a patch there."


def where(kind: str) -> str:
    """In a sentence, where to change what would otherwise come back."""
    return _PLACES.get(kind, ELSEWHERE)
