"""What we operate in Django's admin: configuration is written here, records are only read."""

from workloads.admin import clusters, configuration, hooks, notices, records, windows

__all__ = ["clusters", "configuration", "hooks", "notices", "records", "windows"]
