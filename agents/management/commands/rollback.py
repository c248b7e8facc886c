"""`manage.py rollback`: return to the last verified release, and watch it to its verdict."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from agents import runs
from agents.models import Run
from agents.terminal import asking, codes
from agents.terminal.requests import request


class Command(BaseCommand):
    help = f"Roll an environment back to its last verified release and wait for the verdict. {codes.HELP}"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        asking.add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, watch, and exit with the verdict."""

        def begin() -> Run:
            actor = asking.actor_of(options["person"])
            environment = asking.environment_of(options["name"], options["environment"])
            return runs.start(actor, environment, "rollback", {}, idempotency_key=f"terminal-{uuid.uuid4()}")

        request(begin, self.stdout, options)
