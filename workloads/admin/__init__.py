"""What we operate in Django's admin: configuration is written here, records are only read."""

from workloads.admin import clusters, configuration, hooks, images, notices, records, remedies, windows

__all__ = ["clusters", "configuration", "hooks", "images", "notices", "records", "remedies", "windows"]
