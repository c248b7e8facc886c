"""`manage.py snapshot`: read the evidence of an environment, a namespace or a cluster into a folder."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from workloads.snapshots import taking
from workloads.snapshots.limits import Limits
from workloads.snapshots.taking import Taken
from workloads.terminal import codes, scopes

HELP = (
    "Take a snapshot: objects, events, logs, alerts, metrics and checks, redacted, in files with a manifest of SHA-256. "
    "Exit codes: 0 whole; 1 not taken; 2 usage; 3 taken, but some evidence could not be read (case.json says which and why)."
)


class TakeSnapshot(BaseCommand):
    """Reads only; nothing in the cluster changes."""

    help = HELP
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        scopes.add_arguments(parser, required=True)
        parser.add_argument("--out", metavar="DIR", help="a new folder; without it, the snapshot is kept by Timonel")
        parser.add_argument("--symptom", default="", metavar="TEXT", help="what is wrong, in words")
        parser.add_argument(
            "--seconds", type=float, default=Limits().seconds, help="how long to read at most (default: %(default)g)"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take it and say what it covers."""
        actor = scopes.terminal()
        try:
            told = self._taken(actor, options)
        except TimonelError as error:
            self.stderr.write(f"✗ {error}")
            sys.exit(codes.FAILED)
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=2))
        else:
            self._say(told)
        if any(one["state"] != "whole" and not _not_connected(one) for one in told["coverage"].values()):
            sys.exit(codes.REDUCED)

    def _taken(self, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        say = (lambda _: None) if options["json"] else self._progress
        how = {"symptom": options["symptom"], "limits": Limits(seconds=options["seconds"]), "say": say}
        scope = scopes.scope(actor, options["environment"] or "", options["cluster"] or "", options["namespace"])
        if not options["out"]:
            row = taking.keep(actor, scope, **how)
            where, facts = (
                str(taking.path_of(row)),
                {"snapshot": row.pk, "sha256": row.sha256, "files": row.files, "bytes": row.size},
            )
            return {"folder": where, **facts, "coverage": row.coverage}
        taken: Taken = taking.take(actor, scope, Path(options["out"]).expanduser(), **how)
        facts = {"sha256": taken.sha256, "files": taken.files, "bytes": taken.size}
        return {"folder": str(taken.path), **facts, "coverage": taken.coverage}

    def _progress(self, line: str) -> None:
        self.stderr.write(f"  {line}")

    def _say(self, told: dict[str, Any]) -> None:
        number = f"Snapshot {told['snapshot']}: " if "snapshot" in told else ""
        self.stdout.write(f"{number}{told['folder']} ({told['files']} files, {told['bytes']:,} bytes)\nSHA-256 {told['sha256']}")
        for kind, one in told["coverage"].items():
            sign = {"whole": "✓", "partly": "–", "missing": "✗"}[one["state"]]
            self.stdout.write(f"{sign} {kind}" + (f": {'; '.join(one['why'][:5])}" if one["why"] else ""))


def _not_connected(told: dict[str, Any]) -> bool:
    return told["state"] == "missing" and all("is connected" in why for why in told["why"])
