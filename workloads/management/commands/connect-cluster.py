"""`manage.py connect-cluster`; written in `workloads.terminal.connecting`."""

from workloads.terminal.connecting import ConnectCluster as Command

__all__ = ["Command"]
