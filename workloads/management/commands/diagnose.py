"""`manage.py diagnose`; written in `workloads.terminal.diagnosing`."""

from workloads.terminal.diagnosing import Diagnose as Command

__all__ = ["Command"]
