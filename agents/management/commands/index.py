"""`manage.py index [SOURCE ...]`: read sources anew, now and here."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agents import library
from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from knowledge.models import Source


class Command(BaseCommand):
    """Refreshes the named sources, or all that are enabled, and tells what each brought and what was not read."""

    help = "Reads the sources of the knowledge base anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which sources."""
        parser.add_argument("sources", nargs="*", help="names of sources; none: all that are enabled")

    def handle(self, *, sources: list[str], **_: Any) -> None:
        """One after the other; a source that fails does not keep the others from being read."""
        rows = Source.objects.filter(name__in=sources) if sources else Source.objects.filter(enabled=True)
        unknown = set(sources) - {source.name for source in rows}
        if unknown:
            known = ", ".join(Source.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no source {', '.join(sorted(unknown))}. There are: {known}.")
        failed = [source.name for source in rows if not self._index(source)]
        if failed:
            raise CommandError(f"Not read: {', '.join(failed)}.")

    def _index(self, source: Source) -> bool:
        self.stdout.write(f"{source.name}: reading ...")
        self.stdout.flush()
        try:
            done = library.refresh(Actor.system("terminal index"), source.pk)
        except TimonelError as error:
            self.stderr.write(f"{source.name}: {error}")
            return False
        self.stdout.write(
            f"{source.name}: {done.read} files, {done.changed} changed, {done.removed} removed, {done.embedded} passages embedded"
        )
        for skipped in done.skipped:
            self.stdout.write(f"  skipped {skipped.path}: {skipped.reason}")
        return True
