"""Two releases of one application side by side: commits, files, migrations, variables, processes, way of running."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from controlplane.core.redaction import redact
from workloads import history, previews, visibility
from workloads.history import History
from workloads.models import Action, Application, Deployment, Release

MIGRATION = re.compile(r"(?:^|/)(?P<app>[^/]+)/migrations/(?P<name>\d[^/]*)\.py$")
MOST_PLANS = 200  # of the application's latest; their classes of migrations are remembered
MOST_DEPLOYMENTS = 12
BESIDE = ("processes", "release_steps")  # parts of a run plan that are shown by themselves


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that differs: by name only, for its value may be secret. `change` is added, removed or changed."""

    name: str
    change: str
    secret: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing about the way of running that differs, in words; empty where the release does not have it."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """A migration that only one of them has. No `kinds`: no plan ever looked at it."""

    app: str
    name: str
    kinds: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one has to know before the second takes the place of the first."""

    before: Release
    after: Release
    history: History
    variables: tuple[Variable, ...]
    processes: tuple[Mapping[str, Any], ...]
    settings: tuple[Setting, ...]
    requirements: tuple[str, ...]  # files that name dependencies and differ
    gained: tuple[Migrated, ...]  # migrations of the second only
    lost: tuple[Migrated, ...]  # migrations of the first only
    deployments: tuple[tuple[Deployment, ...], tuple[Deployment, ...]]  # of each, newest first

    @property
    def same(self) -> bool:
        """Whether they are the same release."""
        return self.before.pk == self.after.pk


def compare(actor: Actor, application: Application, before: int, after: int) -> Comparison:
    """Compare two releases, by their numbers; NotFound when one is not of this application or may not be seen."""
    releases = visibility.releases(actor).filter(application=application).in_bulk({before, after})
    first, second = _one(releases, before), _one(releases, after)
    told = history.between(application, first.commit, second.commit)
    return Comparison(
        before=first,
        after=second,
        history=told,
        variables=_variables(first, second),
        processes=_processes(first, second),
        settings=_settings(first, second),
        requirements=_requirements(application, told),
        gained=_migrations(application, told, "A"),
        lost=_migrations(application, told, "D"),
        deployments=(_deployments(actor, first), _deployments(actor, second)),
    )


def _one(releases: Mapping[int, Release], number: int) -> Release:
    if number not in releases:
        raise NotFound(f"This application has no release {number}.", cure="Choose two of the releases on the application's page.")
    return releases[number]


def _variables(first: Release, second: Release) -> tuple[Variable, ...]:
    found = previews.configuration_diff(first.configuration, second.configuration)
    return tuple(Variable(row["name"], row["change"], row["secret"]) for row in found)


def _processes(first: Release, second: Release) -> tuple[Mapping[str, Any], ...]:
    rows = previews.process_diff(first.run_plan.get("processes", {}), second.run_plan.get("processes", {}))
    return tuple(row for row in rows if row["change"] != "same")


def _settings(first: Release, second: Release) -> tuple[Setting, ...]:
    old, new = _plan(first), _plan(second)
    names = sorted(name for name in {*old, *new} if old.get(name, "") != new.get(name, ""))
    return tuple(Setting(name, old.get(name, ""), new.get(name, "")) for name in names)


def _plan(release: Release) -> dict[str, str]:
    """The way of running in words, by name."""
    plan = {name: _text(value) for name, value in release.run_plan.items() if name not in BESIDE}
    steps = release.run_plan.get("release_steps", [])
    return plan | {"release_steps": _text([" ".join(step.get("run", [])) for step in steps])}


def _text(value: Any) -> str:
    return redact(", ".join(map(str, value)) if isinstance(value, list) else str(value or ""))


def _requirements(application: Application, told: History) -> tuple[str, ...]:
    needs = application.understood.get("requirements", {}) if application.understood else {}
    root = str(application.understood.get("folder", "")) if application.understood else ""
    wanted = {f"{root}/{name}".lstrip("/") for name in needs.get("files", ())}
    return tuple(path for _, path in told.paths if path in wanted)


def _migrations(application: Application, told: History, kind: str) -> tuple[Migrated, ...]:
    matches = [MIGRATION.search(path) for found, path in told.paths if found == kind]
    names = [(match["app"], match["name"]) for match in matches if match]
    if not names:
        return ()
    known = _classified(_plans(application))
    return tuple(known.get(key, Migrated(*key)) for key in sorted(names))


def _plans(application: Application) -> QuerySet[Action, Any]:
    rolled_out = Action.objects.filter(change__environment__application=application, kind=Action.Kind.ROLL_OUT)
    return rolled_out.order_by("-pk").values_list("parameters__facts__migrations", flat=True)[:MOST_PLANS]


def _classified(plans: Iterable[Sequence[Mapping[str, Any]] | None]) -> dict[tuple[str, str], Migrated]:
    """What the newest plan that looked at a migration said of its operations."""
    found: dict[tuple[str, str], Migrated] = {}
    for plan in plans:
        of_this: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for row in plan or ():
            of_this.setdefault((row["app"], row["name"]), []).append(row)
        for key, rows in of_this.items():
            kinds = dict.fromkeys(kind for row in rows for kind in row["kinds"])
            found.setdefault(key, Migrated(*key, tuple(kinds), tuple(row["reason"] for row in rows)))
    return found


def _deployments(actor: Actor, release: Release) -> tuple[Deployment, ...]:
    return tuple(visibility.deployments(actor).filter(release=release).order_by("-pk")[:MOST_DEPLOYMENTS])
