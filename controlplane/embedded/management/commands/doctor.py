"""`manage.py doctor`: what is installed, reachable, missing, and its cure."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from controlplane.core.redaction import redact
from controlplane.embedded.doctor import machine, running
from controlplane.embedded.doctor.finding import Finding
from controlplane.embedded.screen import Screen


class Command(BaseCommand):
    help = "Say what is installed, reachable and missing, each with its cure. Exit codes: 0 nothing is broken, 1 something is."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--json", action="store_true", help="print one JSON list instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine and tell."""
        findings = [*machine.examine(settings.DATA_DIR), *running.examine(settings.DATA_DIR)]
        if options["json"]:
            self.stdout.write(redact(json.dumps([asdict(finding) for finding in findings], indent=2)))
        else:
            _show(findings)
        sys.exit(1 if any(finding.state == "bad" for finding in findings) else 0)


def _show(findings: list[Finding]) -> None:
    screen = Screen()
    for finding in findings:
        screen.line(finding.state, f"{finding.subject}: {redact(finding.detail)}")
        if finding.cure:
            screen.console.print(f"  {finding.cure}", markup=False, style="dim")
