"""Changes: the only way to an effect on the world. Proposed, judged, decided, applied once, verified.

`apply` is the only function of Timonel that calls a driver. Status is written in this package only, by conditional updates.
"""

from workloads.actions import ActionDraft
from workloads.changes.adopting import adopt
from workloads.changes.applying import abandon, apply, conclude, verify
from workloads.changes.deciding import decide
from workloads.changes.ending import cancel, expire_due
from workloads.changes.excepting import except_from_windows
from workloads.changes.proposing import judge, propose
from workloads.changes.timing import schedule
from workloads.changes.waiting import NotYet

__all__ = [
    "ActionDraft",
    "NotYet",
    "abandon",
    "adopt",
    "apply",
    "cancel",
    "conclude",
    "decide",
    "except_from_windows",
    "expire_due",
    "judge",
    "propose",
    "schedule",
    "verify",
]
