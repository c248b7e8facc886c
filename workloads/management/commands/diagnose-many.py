"""Diagnose every stored Snapshot below a folder, in parallel processes."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.core.errors import TimonelError
from workloads.diagnosing import as_line, diagnose_many


class Command(BaseCommand):
    help = "Diagnose every folder named `snapshot` below a folder and write one JSON line for each. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="Where to look for folders named `snapshot`.")
        parser.add_argument("--out", type=Path, required=True, help="The file of results: one JSON object a line.")
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="Processes (default: %(default)s).")

    def handle(self, *args: Any, folder: Path, out: Path, workers: int, **options: Any) -> None:
        began, verdicts = time.monotonic(), Counter[str]()
        try:
            with out.open("w", encoding="utf-8") as stream:
                for number, total, line in diagnose_many(folder, workers):
                    stream.write(as_line(line) + "\n")
                    verdicts[line["verdict"]] += 1
                    self._progress(number, total)
        except (TimonelError, OSError) as error:
            raise CommandError(str(error)) from error
        told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
        self.stdout.write(f"{sum(verdicts.values())} snapshots in {time.monotonic() - began:.1f} s: {told}. Written to {out}.")

    def _progress(self, number: int, total: int) -> None:
        if number == total or number % 50 == 0:
            self.stderr.write(f"{number} of {total}")
