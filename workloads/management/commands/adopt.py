"""`manage.py adopt`: take in an application that already runs on a cluster."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from workloads import adoption
from workloads.adoption import Adopted, Asked
from workloads.foreseen import Foreseen, read
from workloads.models import Environment
from workloads.previews import parse


class Command(BaseCommand):
    help = (
        "Adopt an application that already runs on a connected cluster: an environment with a target, a release that names the "
        "live image by digest, and the first apply as a change to approve. Nothing on the cluster changes before that."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("application", metavar="APPLICATION", help="a registered application")
        parser.add_argument("environment", metavar="ENVIRONMENT", help="what its environment there is to be called")
        parser.add_argument("--cluster", required=True, metavar="C", help="a connected cluster")
        parser.add_argument("--namespace", required=True, metavar="N", help="where it runs")
        parser.add_argument(
            "--deployment", action="append", default=[], metavar="NAME",
            help="a Deployment of the application; repeat for more. Otherwise those that look like it",
        )  # fmt: skip
        parser.add_argument("--commit", default="", metavar="REF", help="what it was built from, where labels and tag do not say")
        parser.add_argument("--tier", choices=Environment.Tier.values, default=Environment.Tier.PRODUCTION.value)
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Adopt, and say what was made of it."""
        names = ("application", "environment", "cluster", "namespace", "commit", "tier")
        asked = Asked(deployments=tuple(options["deployment"]), **{name: options[name] for name in names})
        try:
            adopted = adoption.adopt(Actor.system(f"terminal ({getpass.getuser()})"), asked)
        except TimonelError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(_as_json(adopted), indent=2) if options["json"] else "\n".join(_lines(adopted)))


def _world(adopted: Adopted) -> Foreseen:
    return read(parse(adopted.change.preview)["actions"][0].get("world", {}))


def _as_json(adopted: Adopted) -> dict[str, Any]:
    return {
        "environment": str(adopted.environment),
        "target": str(adopted.target),
        "strategy": adopted.target.strategy,
        "options": adopted.target.options,
        "patches": adopted.target.patches,
        "release": adopted.release.pk,
        "image": adopted.release.image,
        "change": adopted.change.pk,
        "taken_over": list(adopted.taken_over),
        "foreign": list(adopted.foreign),
        "notes": list(adopted.notes),
        "world": _world(adopted).as_json(),
    }


def _lines(adopted: Adopted) -> list[str]:
    """For a person: what it is now, what its first apply takes over, what stays with others."""
    world, change = _world(adopted), adopted.change
    taken = [f"  {one.title}: {', '.join(clash.fields)} from {clash.manager}" for one in world.differences for clash in one.clashes]
    return [
        f"{adopted.environment} is {adopted.target}: {adopted.release.image}",
        *(f"  {name}: {json.dumps(value)}" for name, value in sorted(adopted.target.options.items())),
        *([f"Patches where ours would differ: {len(adopted.target.patches)}"] if adopted.target.patches else []),
        f"Its first apply is change {change.pk}, {change.get_status_display().lower()}: {len(world.differences)} objects differ.",
        *(["Taken over:", *taken] if taken else []),
        *(["Stays foreign: " + ", ".join(adopted.foreign)] if adopted.foreign else []),
        *adopted.notes,
    ]
