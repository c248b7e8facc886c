"""The plan: the release, what rolling it out would do, and everything its preview shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import close_old_connections

from agents.context import Context
from agents.models import Run, Step
from agents.operations import assessments as specialists
from agents.operations.checkouts import Ground, environment_of, ground
from agents.specialists import registry, workplace
from controlplane.core.errors import TimonelError
from workloads import deployments, releases
from workloads.adapters import git
from workloads.described import Unanswered
from workloads.drivers import select
from workloads.evidence import Assessment, Evidence
from workloads.history import mirror_of
from workloads.models import Release
from workloads.previews import Facts, Migration, migrations_of
from workloads.schema import Classified
from workloads.verdicts import Verdict

BRINGS = "What it brings"
MOST_FILES = 2_000


def plan(context: Context, commit: str, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
    """Ask the application how it runs, the deployment specialist what it would do, and make the release."""
    artefact = str(assessments.get("cicd", {}).get("artefact", ""))
    if not artefact:
        return Assessment(Verdict.FAILED, "Nothing was built, so there is nothing to release.", "Read what CI/CD says, then retry.")
    stand = ground(context, commit)
    work = specialists.work_of(context, stand, "deployment")
    close_old_connections()
    try:
        planned = workplace.run_plan(work)
    except Unanswered as error:
        trace = Evidence("What the application said", "log", error.trouble.trace, verdict=Verdict.FAILED)
        return Assessment(Verdict.FAILED, error.message, error.cure, (trace,))
    said = registry()["deployment"].assess(work)
    if said.verdict is Verdict.FAILED:
        return Assessment(said.verdict, said.summary, said.cure, said.evidence)
    image = str(assessments.get("cicd", {}).get("image", ""))
    release = releases.create(
        stand.application, stand.commit, artefact, work.configuration, planned, ref=_ref(context), image=image
    )
    close_old_connections()
    try:
        world = select.world(stand.environment, release)
    except TimonelError as error:
        return Assessment(Verdict.FAILED, f"{release.label} cannot be rolled out here. {error.message}", error.cure)
    brings = Evidence(BRINGS, "json", replace(_facts(stand, said), world=world).as_json())
    return Assessment(
        Verdict.PASSED, _summary(stand, release, said), said.cure, (*said.evidence, brings), data={"release": release.pk}
    )


def facts_of(context: Context, release: Release) -> Facts:
    """What the plan step of this run found out, as it wrote it down; and the world as it is.

    A step's evidence has known secrets masked wherever they turn up, in names of objects too: no look at the world equals that.
    """
    step = Step.objects.filter(run=context.run, node="plan", status=Step.Status.DONE).latest("pk")
    told = next(piece["body"] for piece in step.evidence if piece["title"] == BRINGS)
    close_old_connections()
    world = select.world(environment_of(context), release)
    return Facts(tuple(told["commits"]), tuple(told["files"]), tuple(migrations_of(told)), tuple(told["notes"]), world)


def _facts(stand: Ground, said: Assessment) -> Facts:
    """What separates the release from the one that runs."""
    current = deployments.current(stand.environment)
    migrations = tuple(Migration.of(Classified.from_json(told)) for told in said.data["migrations"])
    notes = (said.summary, *stand.project.notes)
    if current is None:
        return Facts(migrations=migrations, notes=notes)
    mirror, old, new = mirror_of(stand.application), current.release.commit, stand.commit.sha
    close_old_connections()
    commits = tuple(
        {"sha": found.sha, "author": found.author_name, "message": found.message} for found in git.commits_between(mirror, old, new)
    )
    return Facts(commits, tuple(git.changed_files(mirror, old, new)[:MOST_FILES]), migrations, notes)


def _summary(stand: Ground, release: Release, said: Assessment) -> str:
    current = deployments.current(stand.environment)
    what = (
        f"{release.label} would replace {current.release.label}."
        if current
        else f"{release.label} would be the first release here."
    )
    return f"{what} {said.summary}"


def _ref(context: Context) -> str:
    """The version as people call it: a promotion asks for a commit, which has the name it had before."""
    asked = Run.objects.values_list("input", flat=True).get(pk=context.run)
    return str(asked.get("named") or asked.get("ref", ""))
