"""`manage.py deploy`: ask for a release to go live, and watch it to its verdict."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from agents import deploying
from agents.graphs.deploy import MAY_FAIL
from agents.models import Run
from agents.terminal import asking, codes
from agents.terminal.requests import request
from workloads import catalog


class Command(BaseCommand):
    help = f"Deploy REF of an application to one of its environments and wait for the verdict. {codes.HELP}"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        asking.add_common(parser)
        parser.add_argument("ref", metavar="REF", nargs="?", default="", help="a branch, tag or commit; otherwise the default ref")
        parser.add_argument(
            "--set", dest="variables", metavar="KEY=VALUE", type=asking.assignment, action="append", default=[],
            help="set a variable of the environment first; repeat for more",
        )  # fmt: skip

        parser.add_argument(
            "--image", default="", metavar="REGISTRY/NAME@sha256:...",
            help="the image that CI built of this version, for an environment on a cluster; a tag is made a digest now",
        )  # fmt: skip

        parser.add_argument(
            "--allow-failure", metavar="CHECK", choices=MAY_FAIL, action="append", default=[],
            help=f"go on where this check fails, at a higher risk ({', '.join(MAY_FAIL)}); repeat for more",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, watch, and exit with the verdict."""

        def begin() -> Run:
            actor = asking.actor_of(options["person"])
            environment = asking.environment_of(options["name"], options["environment"])
            if options["variables"]:
                catalog.set_variables(actor, environment, dict(options["variables"]), secret=None)
            ref = options["ref"] or environment.application.default_ref
            asked = {"ref": ref, **({"allow_failure": options["allow_failure"]} if options["allow_failure"] else {})}
            return deploying.start(actor, environment, asked, image=options["image"], idempotency_key=f"terminal-{uuid.uuid4()}")

        request(begin, self.stdout, options)
