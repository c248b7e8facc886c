"""`manage.py snapshot`; written in `workloads.terminal.snapping`."""

from workloads.terminal.snapping import TakeSnapshot as Command

__all__ = ["Command"]
