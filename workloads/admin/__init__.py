"""What we operate in Django's admin: configuration is written here, records are only read."""

from workloads.admin import configuration, hooks, notices, records, windows

__all__ = ["configuration", "hooks", "notices", "records", "windows"]
