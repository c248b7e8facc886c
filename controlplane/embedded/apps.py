"""The Django application of the embedded services."""

from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    name = "controlplane.embedded"
    label = "embedded"

    def ready(self) -> None:
        """Register the checks, and keep other processes of this account from reading ours."""
        from controlplane import checks  # noqa: F401  registers
        from controlplane.embedded import processes

        processes.conceal()
