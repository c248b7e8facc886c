"""`manage.py diagnose`: what is wrong, where the repair goes, and why; of a stored Snapshot or of what runs now."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.core.errors import Invalid, TimonelError
from workloads import diagnoses
from workloads.diagnosing import diagnose_folder
from workloads.diagnosis.answers import Diagnosis
from workloads.diagnosis.wording import lines
from workloads.snapshots import taking
from workloads.terminal import scopes

HELP = (
    "Diagnose a stored Snapshot (needs no database), or take one of what runs now and diagnose that: verdict, hypotheses with "
    "evidence and remedies, findings. The Snapshot and the diagnosis of what runs are kept."
)


class Diagnose(BaseCommand):
    """Reads only; nothing in the cluster changes."""

    help = HELP
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("snapshot", type=Path, nargs="?", help="The folder with objects.json and the rest.")
        scopes.add_arguments(parser, required=False)
        parser.add_argument("--symptom", default="", metavar="TEXT", help="what is wrong, in words (of what runs now)")
        parser.add_argument("--json", action="store_true", help="Print the whole answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Diagnose, and print it."""
        try:
            found, kept = self._found(options)
        except TimonelError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json() | kept, indent=1, ensure_ascii=False))
            return
        for line in lines(found):
            self.stdout.write(line)
        if kept:
            self.stdout.write(f"\nKept as diagnosis {kept['diagnosis']} of snapshot {kept['snapshot']}: {kept['folder']}")

    def _found(self, options: dict[str, Any]) -> tuple[Diagnosis, dict[str, Any]]:
        live = bool(options["environment"] or options["cluster"])
        if live == (options["snapshot"] is not None):
            raise Invalid(
                "Say what to diagnose: a folder, or what runs.",
                cure="Name a folder, or --environment APPLICATION/NAME, or --cluster NAME, and only one of them.",
            )
        if options["snapshot"] is not None:
            return diagnose_folder(options["snapshot"]), {}
        actor = scopes.terminal()
        scope = scopes.scope(actor, options["environment"] or "", options["cluster"] or "", options["namespace"])
        say = (lambda _: None) if options["json"] else self._progress
        row, found = diagnoses.live_one(actor, scope, symptom=options["symptom"], say=say)
        assert row.snapshot is not None
        return found, {"diagnosis": row.pk, "snapshot": row.snapshot.pk, "folder": str(taking.path_of(row.snapshot))}

    def _progress(self, line: str) -> None:
        self.stderr.write(f"  {line}")
