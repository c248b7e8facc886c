"""`manage.py demo`: the sample application, registered and deployed; run by `up --demo`, or by hand beside `up`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from controlplane.core.errors import TimonelError
from controlplane.embedded.demo import Demo
from controlplane.embedded.screen import Screen


class Command(BaseCommand):
    help = "Register the sample application and deploy it to `local`. Exit codes: 0 it answered 200, 1 it did not."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--follow-up", action="store_true", help="afterwards ask for it in `staging`, for a person to approve")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show it; say what went wrong and its cure."""
        screen = Screen()
        try:
            code = Demo(screen).run()
            if code == 0 and options["follow_up"]:
                Demo(screen).offer_staging()
        except TimonelError as error:
            screen.error(error)
            code = 1
        sys.exit(code)
