"""`manage.py register`: take an application in, and say what was understood of it."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from getpass import getuser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from workloads import catalog, understood

WIDTH = 140  # where the output is no terminal


class Command(BaseCommand):
    help = "Register a Django application from its Git repository, with an environment `local`, and show what was understood of it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("name", metavar="NAME", help="small letters, digits and hyphens")
        parser.add_argument("repository", metavar="GIT_URL_OR_PATH", help="a Git address, or a folder on this machine")
        parser.add_argument("--path", default="", metavar="DIR", help="the folder of the repository that holds manage.py")
        parser.add_argument("--ref", default="HEAD", help="the branch, tag or commit to look at and to deploy by default")
        parser.add_argument(
            "--allow-unpinned-sources",
            action="store_true",
            help="allow dependencies from Git or other addresses, not only from an index",
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of a page")

    def handle(self, *args: Any, **options: Any) -> None:
        """Register and show."""
        try:
            registered = catalog.register(
                Actor.system(f"{getuser() if os.getuid() else 'root'} at the terminal"),
                options["name"],
                options["repository"],
                folder=options["path"],
                default_ref=options["ref"],
                allow_unpinned_sources=options["allow_unpinned_sources"],
            )
        except TimonelError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(understood.as_json(registered), indent=2, default=str))
        else:
            width = None if self.stdout.isatty() else WIDTH
            understood.show(registered, Console(file=self.stdout, highlight=False, width=width))  # type: ignore[arg-type]
