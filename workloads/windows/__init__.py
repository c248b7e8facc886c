"""Windows: when changes may begin. Pure: no clock, no rows, no Django; the moment and the zone come in as arguments.

A window is allow or deny, and recurs (RFC 5545, in the wall-clock time of a zone) or is one span. Deny beats allow; without any
allow window everything that is not denied is open. May import controlplane.core.errors and dateutil.
How wall-clock time becomes moments is told in the decision page `windows-keep-wall-clock-time.md`.
"""

from workloads.windows.reading import Rule, read
from workloads.windows.standing import HORIZON, Span, Standing, openings, spans, standing
from workloads.windows.wall import zone_of
from workloads.windows.window import Kind, Once, Recurring, Window

__all__ = [
    "HORIZON",
    "Kind",
    "Once",
    "Recurring",
    "Rule",
    "Span",
    "Standing",
    "Window",
    "openings",
    "read",
    "spans",
    "standing",
    "zone_of",
]
