"""The Django application of what we operate."""

from django.apps import AppConfig


class WorkloadsConfig(AppConfig):
    name = "workloads"
    verbose_name = "Applications and environments"
