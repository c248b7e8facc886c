"""`manage.py manifests`: a release in an environment, written down as Kubernetes manifests."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.core.errors import TimonelError
from workloads import rendering
from workloads.rendering import FORMATS


class Command(BaseCommand):
    help = "Write the Kubernetes manifests of a release in an environment. No secret's value is ever written."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("environment", metavar="APPLICATION/ENVIRONMENT", help="an environment that runs on a cluster")
        parser.add_argument("--format", choices=sorted(FORMATS), default="plain", help="how they are written (default: plain)")
        parser.add_argument("--out", metavar="DIR", help="a folder to write to; without it everything is printed")
        parser.add_argument(
            "--release", metavar="NUMBER", help="a release by its number or its label; the live one otherwise, or the newest"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, and say what was written and what is wrong with it."""
        try:
            written = rendering.written(options["environment"], options["format"], options["release"] or "")
            if options["out"]:
                self._save(written.files, Path(options["out"]))
            else:
                self.stdout.write("".join(f"# {name}\n{content}\n" for name, content in written.files.items()))
        except (TimonelError, OSError) as error:
            raise CommandError(str(error)) from error
        for line in written.remarks:
            self.stderr.write(line)

    def _save(self, files: dict[str, str], folder: Path) -> None:
        """Files of ours that are there already are replaced; others are left alone."""
        for name, content in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        self.stdout.write(f"{len(files)} files written to {folder}")
