"""`manage.py status`: what runs where, how good it is, and what waits."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone
from django.utils.timesince import timesince
from rich.console import Console
from rich.table import Table

from agents.models import Run
from agents.terminal.asking import CURE, demand_servers, demand_worker
from controlplane.core.actors import Actor
from controlplane.core.errors import OutsideError
from workloads import phrases, queries, timetables
from workloads.queries import Cell
from workloads.timetables import Timetable

WAITS = {"scheduled": "waiting for window"}


class Command(BaseCommand):
    help = "Show each environment: the live release, its verdict, what runs and what waits. Exit codes: 0 shown; 1 no answer."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and print; without servers say so."""
        try:
            demand_servers()
            rows, worker = _rows(), _worker()
        except (OutsideError, DatabaseError) as error:
            self.stderr.write(f"✗ {error if isinstance(error, OutsideError) else CURE}")
            sys.exit(1)
        if options["json"]:
            self.stdout.write(json.dumps({"environments": rows, "worker": worker or "running"}, indent=2, default=str))
            return
        console = Console(file=getattr(self.stdout, "_out", None), highlight=False)
        if not console.is_terminal:
            console.width = 200  # nobody to fit a window for
        console.print(_table(rows) if rows else "No application is registered yet: `manage.py register NAME GIT_ADDRESS`.")
        if worker:
            console.print(f"! {worker}", style="yellow", markup=False)


def _rows() -> list[dict[str, Any]]:
    going_on = {
        run.environment_id: run
        for run in Run.objects.filter(finished_at__isnull=True).select_related("waiting_for").order_by("-pk")
    }
    cells = [cell for row in queries.overview(Actor.system("terminal")) for cell in row.cells]
    now = timezone.now()
    tables = timetables.timetables([cell.environment for cell in cells], now)
    return [_row(cell, going_on.get(cell.environment.pk), tables[cell.environment.pk], now) for cell in cells]


def _row(cell: Cell, run: Run | None, table: Timetable, now: datetime) -> dict[str, Any]:
    environment, current = cell.environment, cell.current
    return {
        "application": environment.application.name,
        "environment": environment.name,
        "tier": environment.tier,
        "release": current.release.label if current else None,
        "status": current.status if current else None,
        "verdict": cell.verdict.value,
        "since": current.finished_at or current.started_at if current else None,
        "address": f"http://127.0.0.1:{environment.port}/" if environment.port else None,
        "run": {"run": run.pk, "workflow": run.workflow, "status": run.state} if run else None,
        "waiting": cell.waiting,
        "incidents": cell.incidents,
        "held": environment.held_because if environment.held_at else None,
        "closed": _closed(table, now),
        "locked": phrases.held(table.lock) if table.lock else None,
    }


def _closed(table: Timetable, now: datetime) -> str | None:
    """Why no change begins there now and when it opens, or None."""
    standing = table.standing(now)
    if standing.open:
        return None
    return f"{phrases.closed_by(table.named(standing.because))} {phrases.opens(standing.until, standing.searched_until)}"


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("environment", "release", "verdict", "since", "address", "now"):
        table.add_column(title)
    for row in rows:
        since = f"{timesince(row['since'], timezone.now(), depth=1)} ago" if row["since"] else ""
        name = f"{row['application']}/{row['environment']}"
        verdict = row["verdict"].replace("_", " ") if row["release"] else ""
        table.add_row(name, row["release"] or "nothing yet", verdict, since, row["address"] or "", _now(row))
    return table


def _now(row: dict[str, Any]) -> str:
    run = row["run"]
    parts = [
        f"{run['workflow']} {run['run']} {WAITS.get(run['status'], run['status'])}" if run else "",
        f"{row['waiting']} to decide" if row["waiting"] else "",
        f"{row['incidents']} open incidents" if row["incidents"] else "",
        f"held: {row['held']}" if row["held"] else "",
        row["closed"] or "",
        row["locked"] or "",
    ]
    return "; ".join(part for part in parts if part)


def _worker() -> str:
    """Why nothing would happen now, or ''."""
    try:
        demand_worker()
    except OutsideError as error:
        return str(error)
    return ""
