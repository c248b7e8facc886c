"""What runs in the environment: its variables, its deployments, what was measured of it, what its processes say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Max, Sum
from django.db.models.functions import TruncMinute
from django.utils import timezone
from pydantic import Field

from agents.llm.question import ToolAnswer
from agents.tools.scope import Place, Scope
from agents.tools.tool import Arguments, rows, tool
from workloads.host import logs, place
from workloads.models import Deployment, Sample

MOST_DEPLOYMENTS = 10
MOST_LINES = 100
LOOKED_AT = 2_000  # lines of a log


class Nothing(Arguments):
    """No argument is needed."""


class Minutes(Arguments):
    """How far back."""

    minutes: int = Field(15, ge=1, le=120, description="How many minutes back.")


class Said(Arguments):
    """Which lines of which process."""

    process: str = Field("web", max_length=40, description="The process: web, worker or beat.")
    text: str = Field("", max_length=200, description="Only lines that hold this text; case does not matter.")


@tool(Nothing)
def get_variables(scope: Scope, _: Nothing) -> ToolAnswer:
    """The variables set for this environment, and where the settings read each; the value of a secret is never shown."""
    table = next((piece["body"] for piece in scope.of("configuration") if piece["title"] == "Variables"), None)
    if table is not None:
        read = [dict(zip(table["columns"], row, strict=False)) for row in table["rows"]]
        return rows(f"the variables of {scope.environment} against the settings' source", read)
    given = [{"Variable": row.name, "Provided": "secret" if row.secret else row.value} for row in scope.environment.variables.all()]
    return rows(f"the variables of {scope.environment}", given)


@tool(Nothing)
def get_deployments(scope: Place, _: Nothing) -> ToolAnswer:
    """The latest deployments to this environment, newest first: release, commit, how each stands and its verdict."""
    found = Deployment.objects.filter(environment=scope.environment).select_related("release__application").order_by("-pk")
    return rows(f"the latest deployments to {scope.environment}", [_deployment(one) for one in found[:MOST_DEPLOYMENTS]])


@tool(Minutes)
def get_samples(scope: Place, back: Minutes) -> ToolAnswer:
    """What was measured, by process and minute: CPU, memory, requests, errors, the slowest of a hundred answers."""
    since = timezone.now() - timedelta(minutes=back.minutes)
    found = (
        Sample.objects.filter(instance__environment=scope.environment, at__gte=since)
        .annotate(minute=TruncMinute("at"))
        .values("minute", "process", "instance__release__ref")
        .annotate(cpu=Avg("cpu_percent"), memory=Max("memory_bytes"), answered=Sum("requests"), failed=Sum("errors"))
        .annotate(slowest=Max("latency_p99_ms"))
        .order_by("-minute", "process")
    )
    return rows(f"the samples of {scope.environment}, {back.minutes} minutes back", [_sample(row) for row in found[:100]])


@tool(Said)
def get_logs(scope: Place, which: Said) -> ToolAnswer:
    """The last lines that a process of the release with the traffic wrote to its log, oldest first."""
    instance = scope.environment.active_instance
    asked = f"the log of {which.process} in {scope.environment}" + (f", lines that hold {which.text!r}" if which.text else "")
    found = {path.stem: path for path in logs.logs(place.instance_folder(instance.pk))} if instance else {}
    if which.process not in found:
        return ToolAnswer("no_data", asked)
    said = logs.tail(found[which.process], LOOKED_AT).splitlines()
    holding = [line for line in said if which.text.lower() in line.lower()]
    return rows(asked, [{"line": line} for line in holding[-MOST_LINES:]], left_out=max(0, len(holding) - MOST_LINES))


def _deployment(one: Deployment) -> dict[str, Any]:
    return {
        "deployment": one.pk,
        "release": one.release.label,
        "commit": one.release.commit[:12],
        "kind": one.kind,
        "status": one.status,
        "verdict": one.verdict,
        "at": one.created_at.isoformat(timespec="minutes"),
        "summary": str(one.evidence.get("summary", ""))[:300],
    }


def _sample(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "minute": row["minute"].isoformat(timespec="minutes"),
        "process": row["process"],
        "release": row["instance__release__ref"],
        "cpu_percent": None if row["cpu"] is None else round(row["cpu"], 1),
        "memory_mib": None if row["memory"] is None else round(row["memory"] / 2**20),
        "requests": row["answered"],
        "errors": row["failed"],
        "slowest_of_100_ms": row["slowest"],
    }
