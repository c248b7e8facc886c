"""The Django application of the dashboard."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "controlplane.dashboard"
    label = "dashboard"

    def ready(self) -> None:
        """Listen to what django-allauth does."""
        from controlplane.dashboard.account import receivers  # noqa: F401  registers
