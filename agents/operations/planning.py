"""The plan: the release, asked from inside what it would do, and everything its preview shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections

from agents.context import Context
from agents.models import Run, Step
from agents.operations import assessments as specialists
from agents.operations.checkouts import Ground, ground, mirror_of
from agents.specialists import registry
from workloads import configuration, deployments, pending, releases
from workloads.adapters import databases, git
from workloads.described import Inside, Unanswered, describe
from workloads.evidence import Assessment, Evidence
from workloads.models import Release
from workloads.pending import Upgrade
from workloads.previews import Facts, Migration, migrations_of
from workloads.source.plan import run_plan
from workloads.source.project import RunPlan
from workloads.verdicts import Verdict

BRINGS = "What it brings"
MOST_FILES = 2_000


def plan(context: Context, commit: str, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
    """Make the release and say what rolling it out would do. An application that cannot answer is not planned for."""
    artefact = str(assessments.get("cicd", {}).get("artefact", ""))
    if not artefact:
        return Assessment(Verdict.FAILED, "Nothing was built, so there is nothing to release.", "Read what CI/CD says, then retry.")
    stand = ground(context, commit)
    variables = configuration.propose(stand.environment, stand.project)
    inside = _inside(context, stand, artefact, variables)
    close_old_connections()
    try:
        described = describe(inside)
        planned = run_plan(stand.project, stand.application, described, inside.folder)
        upgrade = pending.upgrade(
            inside, live=_live(context, stand), running=_runs(stand), sqlite_files=_kept(stand, inside.folder, planned)
        )
    except Unanswered as error:
        trace = Evidence("What the application said", "log", error.trouble.trace, verdict=Verdict.FAILED)
        return Assessment(Verdict.FAILED, error.message, error.cure, (trace,))
    release = releases.create(stand.application, stand.commit, artefact, variables, planned, ref=_ref(context))
    kept = _kept(stand, stand.folder, planned)
    return _told(context, stand, release, upgrade, kept)


def facts_of(context: Context) -> Facts:
    """What the plan step of this run found out, as it wrote it down."""
    step = Step.objects.filter(run=context.run, node="plan", status=Step.Status.DONE).latest("pk")
    told = next(piece["body"] for piece in step.evidence if piece["title"] == BRINGS)
    return Facts(tuple(told["commits"]), tuple(told["files"]), tuple(migrations_of(told)), tuple(told["notes"]))


def _told(context: Context, stand: Ground, release: Release, upgrade: Upgrade, kept: dict[str, str]) -> Assessment:
    """The plan as a step shows it: what the deployment specialist says, and the facts the preview is made of."""
    work = specialists.work_of(context, stand, "deployment")
    said = registry()["deployment"].assess(work)
    facts = _facts(stand, upgrade)
    brings = Evidence(BRINGS, "json", facts.as_json())
    breaking = f" {len(upgrade.pending)} migrations." if upgrade.pending else " No migration."
    summary = f"{release.label} would replace {_live_label(stand)}.{breaking}"
    return Assessment(Verdict.PASSED, summary, said.cure, (*said.evidence, brings), data={"release": release.pk})


def _facts(stand: Ground, upgrade: Upgrade) -> Facts:
    current = deployments.current(stand.environment)
    notes = [*stand.project.notes]
    if upgrade.assumed:
        notes.append("The running release could not be asked what it reads, so every table is taken as read.")
    commits: tuple[dict[str, str], ...] = ()
    files: tuple[str, ...] = ()
    if current is not None:
        mirror, old, new = mirror_of(stand.application), current.release.commit, stand.commit.sha
        commits = tuple(_commit(found) for found in git.commits_between(mirror, old, new))
        files = tuple(git.changed_files(mirror, old, new)[:MOST_FILES])
    return Facts(commits, files, tuple(Migration.of(one) for one in upgrade.migrations), tuple(notes))


def _commit(found: git.Commit) -> dict[str, str]:
    return {"sha": found.sha, "author": found.author_name, "message": found.message}


def _inside(context: Context, stand: Ground, artefact: str, variables: Mapping[str, Any]) -> Inside:
    """The built release, to be asked with the variables it would have; its own database is made, empty, if it has none."""
    if any(str(given.get("binding", "")).startswith("database.") for given in variables.values()):
        databases.ensure(stand.environment)
    folder = Path(settings.DATA_DIR) / "artefacts" / artefact
    values = configuration.resolve(stand.environment, dict(variables), port=stand.environment.port or 0)
    secrets = frozenset(values[name] for name, given in variables.items() if given.get("secret") and values.get(name))
    return Inside(
        python=folder / "environment" / "bin" / "python",
        folder=folder / "source" / stand.project.folder,
        variables=values,
        secrets=secrets,
        manage=stand.project.manage,
        cancelled=context.cancelled,
    )


def _live(context: Context, stand: Ground) -> Inside | None:
    """The release that runs now, to be asked what it reads; None where it is not on this machine any more."""
    current = deployments.current(stand.environment)
    if current is None:
        return None
    release = current.release
    folder = Path(settings.DATA_DIR) / "artefacts" / release.artefact_digest
    if not (folder / "environment" / "bin" / "python").exists():
        return None
    values = configuration.resolve(stand.environment, release.configuration, port=stand.environment.port or 0)
    return Inside(
        python=folder / "environment" / "bin" / "python",
        folder=folder / "source" / str(release.run_plan.get("folder") or ""),
        variables=values,
        manage=str(release.run_plan.get("manage") or "manage.py"),
        cancelled=context.cancelled,
    )


def _kept(stand: Ground, folder: Path, planned: RunPlan) -> dict[str, str]:
    """Files and folders of the source that outlive a release: where they are in it, and where they are kept."""
    kept = Path(settings.DATA_DIR) / "shared" / str(stand.environment.pk)
    return {str(folder.resolve() / path): str(kept / path) for path in planned.shared}


def _runs(stand: Ground) -> bool:
    return deployments.current(stand.environment) is not None


def _live_label(stand: Ground) -> str:
    current = deployments.current(stand.environment)
    return current.release.label if current else "nothing: it is the first release here"


def _ref(context: Context) -> str:
    return str(Run.objects.values_list("input", flat=True).get(pk=context.run).get("ref", ""))
