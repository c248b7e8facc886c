"""`manage.py repair`; written in `workloads.terminal.repairing`."""

from workloads.terminal.repairing import RepairCommand as Command

__all__ = ["Command"]
