"""Asking for a run and exiting with its verdict: the whole of `deploy` and `rollback` but the asking itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from django.core.management.base import OutputWrapper
from django.db import DatabaseError

from agents.models import Run
from agents.terminal import asking, codes
from agents.terminal.following import follow
from agents.terminal.screens import screen_for
from controlplane.core.errors import OutsideError, TimonelError
from controlplane.core.redaction import redact


def request(begin: Callable[[], Run], output: OutputWrapper, options: Mapping[str, Any]) -> None:
    """Begin a run, watch it, exit with its code. Errors are said with their cure."""
    stream: TextIO = getattr(output, "_out", sys.stdout)
    try:
        if not options["no_wait"]:
            asking.demand_worker()
        run = begin()
        if options["no_wait"]:
            _only_asked(run, stream, options["json"])
            sys.exit(codes.OK)
        screen = screen_for(stream, as_json=options["json"], verbose=options["verbosity"] > 1)
        sys.exit(codes.code_of(follow(run.pk, screen, through_decisions=options["follow"])))
    except TimonelError as error:
        _say(error, stream, options["json"])
        sys.exit(codes.code_of_error(error))
    except DatabaseError as error:
        _say(OutsideError(f"Timonel's database does not answer: {redact(str(error))}", cure=asking.CURE), stream, options["json"])
        sys.exit(codes.FAILED)
    except KeyboardInterrupt:
        stream.write("\nNot watching any more; the run goes on.\n")
        sys.exit(130)


def _only_asked(run: Run, stream: TextIO, as_json: bool) -> None:
    said = json.dumps({"run": run.pk, "status": run.status}) if as_json else f"Run {run.pk} is {run.get_status_display()}."
    stream.write(f"{said}\n")


def _say(error: TimonelError, stream: TextIO, as_json: bool) -> None:
    code = codes.code_of_error(error)
    if as_json:
        stream.write(json.dumps({"error": error.message, "cure": error.cure, "exit_code": code}) + "\n")
        return
    sys.stderr.write(f"✗ {error.message}\n")
    if error.cure:
        sys.stderr.write(f"  Cure: {error.cure}\n")
