"""The Django application of those who act."""

import contextlib
from typing import Any

from django.apps import AppConfig
from django.apps import apps as all_apps
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


class AgentsConfig(AppConfig):
    name = "agents"
    verbose_name = "Runs and specialists"

    def ready(self) -> None:
        """Have a row for each specialist as soon as there are tables."""
        post_migrate.connect(_make_profiles, sender=self)


def _make_profiles(using: str, apps: Apps = all_apps, **_: Any) -> None:
    """`apps` are the models as far as was migrated: there may be no table yet."""
    from agents import profiles

    with contextlib.suppress(LookupError):
        apps.get_model("agents", "AgentProfile")
        profiles.make_missing(using)
