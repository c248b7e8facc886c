"""`manage.py up`: PostgreSQL, Valkey, web, worker, scheduler and host under one supervisor."""

from __future__ import annotations

import errno
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from controlplane.core.errors import OutsideError, TimonelError
from controlplane.embedded.screen import Screen
from controlplane.embedded.supervisor import Supervisor, Wishes


class Command(BaseCommand):
    help = (
        "Start everything Timonel needs and stay until Ctrl-C. Servers that DATABASE_URL and REDIS_URL name are used, the others "
        "are brought along. Exit codes: 0 stopped as asked (with --exit-after-deploy: the sample answered 200), 1 it failed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--demo", action="store_true", help="register the sample application and deploy it")
        parser.add_argument("--exit-after-deploy", action="store_true", help="stop after the demo; exit 0 only if it answered 200")
        parser.add_argument("--port", type=int, help="the port of the dashboard (default: the first free one from 8000 on)")
        parser.add_argument("--data", type=Path, help="the data folder (default: TIMONEL_DATA, or .timonel beside manage.py)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the supervisor; say what went wrong and its cure."""
        wishes = Wishes(
            data=(options["data"] or settings.DATA_DIR).absolute(),
            port=options["port"],
            demo=options["demo"] or options["exit_after_deploy"],
            exit_after_deploy=options["exit_after_deploy"],
        )
        screen = Screen()
        try:
            sys.exit(Supervisor(wishes, screen).run())
        except TimonelError as error:
            screen.error(error)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            screen.error(
                OutsideError(f"The disk of {wishes.data} is full.", cure="Make room, or choose another folder: --data DIR.")
            )
        sys.exit(1)
