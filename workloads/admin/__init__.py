"""What we operate in Django's admin: configuration is written here, records are only read."""

from workloads.admin import configuration, notices, records

__all__ = ["configuration", "notices", "records"]
