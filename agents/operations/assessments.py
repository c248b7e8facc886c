"""What one specialist finds: its work put together, its facts kept as findings."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import close_old_connections

from agents import profiles
from agents.context import Context
from agents.models import Run
from agents.operations.checkouts import Ground, ground
from agents.specialists import Work, registry
from workloads import configuration, deployments, findings
from workloads.evidence import Assessment
from workloads.models import Release


def assess(context: Context, specialist: str, commit: str) -> Assessment:
    """Let the specialist look at the source, and keep what it reported."""
    stand = ground(context, commit)
    work = work_of(context, stand, specialist)
    close_old_connections()
    found = registry()[specialist].assess(work)
    if found.facts or found.looked:
        look = findings.Look(found.looked, stand.commit.authored_at)
        findings.record(work.application, context.run, commit, found.facts, work.live_commit, look)
    return found


def work_of(context: Context, stand: Ground, specialist: str, **more: object) -> Work:
    """What a specialist is given."""
    current = deployments.current(stand.environment)
    live = current.release if current else None
    return Work(
        run=context.run,
        environment=stand.environment,
        application=stand.application,
        source=stand.source,
        project=stand.project,
        commit=stand.commit.sha,
        say=context.say,
        deadline=context.deadline,
        cancelled=context.cancelled,
        live_commit=live.commit if live else None,
        live_source=_there(live, "source"),
        live_python=_there(live, "environment/bin/python"),
        configuration=configuration.propose(stand.environment, stand.project),
        image=image_of(context.run),
        options=profiles.profile(specialist).options,
        **more,  # type: ignore[arg-type]
    )


def image_of(run: int) -> str:
    """The image that was named when the run was asked for."""
    asked = Run.objects.values_list("input", flat=True).filter(pk=run).first()
    return str((asked or {}).get("image", ""))


def _there(release: Release | None, name: str) -> Path | None:
    """A part of the release's artefact, if it is still on this machine."""
    if release is None:
        return None
    path = Path(settings.DATA_DIR) / "artefacts" / release.artefact_digest / name
    return path if path.exists() else None
