"""Diagnose a stored Snapshot: what is wrong, where the repair goes, and why."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.core.errors import TimonelError
from workloads.diagnosing import diagnose_folder
from workloads.diagnosis.wording import lines


class Command(BaseCommand):
    help = "Diagnose a stored Snapshot: verdict, hypotheses with evidence and remedies, findings. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("snapshot", type=Path, help="The folder with objects.json and the rest.")
        parser.add_argument("--json", action="store_true", help="Print the whole answer as JSON.")

    def handle(self, *args: Any, snapshot: Path, **options: Any) -> None:
        try:
            found = diagnose_folder(snapshot)
        except TimonelError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), indent=1, ensure_ascii=False))
            return
        for line in lines(found):
            self.stdout.write(line)
