"""`manage.py evaluate_agents`: put recorded cases to a model and print how often it answers as it must."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agents.evaluation import cases, reports, trials
from agents.llm import endpoints
from agents.models import ModelEndpoint
from agents.specialists import registry
from controlplane.core import outward
from controlplane.core.errors import TimonelError

HELP = "Exit codes: 0 every answer was good; 1 some were not; 2 usage; 3 some cases could not be evaluated, which is no pass."


class Command(BaseCommand):
    help = f"Put the recorded cases of a folder to a model and say, a specialist each, how often it answers as it must. {HELP}"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("folder", metavar="CASES_FOLDER", type=Path, help="a folder of cases: .yaml or .json files")
        parser.add_argument(
            "--endpoint", metavar="NAME", help="a connected endpoint; otherwise each specialist's own, or the default"
        )
        parser.add_argument("--url", help="an endpoint that is not connected: its address, such as http://127.0.0.1:11434/v1")
        parser.add_argument("--model", default="", help="with --url: the model's name there")
        parser.add_argument("--key-file", type=Path, metavar="FILE", help="with --url: the file that holds the key")
        parser.add_argument("--specialist", choices=sorted(registry()), default="", help="only its cases")
        parser.add_argument("--times", type=int, default=1, help="how often each case is asked")
        parser.add_argument(
            "--at-least", type=float, default=1.0, metavar="SHARE", help="the share of good answers; 1.0 unless told"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, print, and exit with the code."""
        try:
            found = cases.load(options["folder"], options["specialist"])
            endpoint = _endpoint(options)
        except (TimonelError, OSError) as error:
            raise CommandError(str(error), returncode=reports.USAGE) from error
        done = []
        for name, case in found.items():
            done += [trials.run(name, case, endpoint) for _ in range(max(1, options["times"]))]
        if options["json"]:
            self.stdout.write(json.dumps(reports.document(done, options["at_least"]), indent=1, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(reports.lines(done)))
        raise SystemExit(reports.code(done, options["at_least"]))


def _endpoint(options: dict[str, Any]) -> ModelEndpoint | None:
    """The endpoint to ask: one that is connected, or one that is made up for this evaluation and kept nowhere."""
    if options["url"]:
        if options["endpoint"] or not options["model"]:
            raise CommandError("Give --url with --model, or --endpoint, not both.", returncode=reports.USAGE)
        outward.check(options["url"], private=True)
        key = options["key_file"].read_text().strip() if options["key_file"] else None
        return ModelEndpoint(name="(evaluation)", address=options["url"], model=options["model"], key=key, private=True)
    if options["endpoint"]:
        chosen = ModelEndpoint.objects.filter(name=options["endpoint"]).first()
        if chosen is None:
            known = ", ".join(ModelEndpoint.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no endpoint {options['endpoint']}; there are: {known}.", returncode=reports.USAGE)
        return chosen
    endpoints.choose(options["specialist"])  # says what is missing before the first case is asked
    return None
