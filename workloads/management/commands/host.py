"""Run the host: the processes of applications on this machine and their stable addresses."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.core.errors import TimonelError
from workloads.host.daemon import serve


class Command(BaseCommand):
    help = "Run the processes of applications on this machine and serve their stable addresses, until SIGTERM."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--address", default=settings.HOST_ADDRESS, help="Where the stable addresses listen (default: %(default)s)."
        )

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        try:
            serve(address)
        except TimonelError as error:
            raise CommandError(str(error)) from error
