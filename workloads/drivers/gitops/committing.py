"""Writing a release into its repository: the place, the words of the commit, what is reverted to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from controlplane.core.errors import Refused
from workloads.adapters.commits import Made, Place, Planned, Repository
from workloads.drivers.gitops import files, standing
from workloads.drivers.kubernetes import kept, parts
from workloads.models import Change, Environment, GitOpsRepository, Instance

SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Home:
    """Where an environment's manifests are kept, and how they are written there."""

    row: GitOpsRepository
    repository: Repository

    def files(self, made: parts.Parts) -> dict[str, str]:
        """The files of a release's objects here."""
        return files.committed(made, self.row.engine, self.row.layout)

    def ours(self, tree: str) -> Ours:
        """Tells whether a revision holds this content in our folder, whoever committed beside it since."""
        return Ours(self.repository, tree)


@dataclass(frozen=True, slots=True)
class Ours:
    """Whether revisions hold one content."""

    repository: Repository
    tree: str

    def __call__(self, revision: str) -> bool:
        """Whether this one does; a commit that the mirror does not know is fetched."""
        for sha in standing.shas(revision)[:1]:
            if not self.repository.knows(sha):
                self.repository.fetch(deadline())
            return bool(self.tree) and self.repository.tree(sha) == self.tree
        return False


def home_of(environment: Environment) -> Home:
    """The repository of an environment. Raises Refused where none is set."""
    row = GitOpsRepository.objects.filter(target__environment=environment.pk).select_related("target").first()
    if row is None:
        raise Refused(
            f"{environment} names no repository for its manifests.", cure="Set one in the administration: GitOps repositories."
        )
    place = Place(row.repository, row.branch, row.path.strip("/"), row.user, row.token or "")
    return Home(row, Repository(place, Path(settings.DATA_DIR) / "gitops" / f"{row.pk}.git"))


def deadline() -> float:
    """Until when one exchange with the repository may take, on the clock of time.monotonic."""
    return time.monotonic() + SECONDS


def planned(instance: Instance, key: str, home: Home) -> Planned:
    """The commit that makes this instance's release the content of the folder."""
    what = f"Roll out {instance.release.label} of {instance.environment.application.name} in {instance.environment.name}"
    details = f"Release {instance.release_id}, commit {instance.release.commit}\nImage {instance.release.image}"
    told = message(what, details, instance.environment)
    return Planned(told, key, instance.created_at, home.files(kept.parts_of(instance)))


def reverting(instance: Instance, key: str, home: Home, at: datetime) -> Planned:
    """The commit that takes it back: the folder as it was for the release before, or standing still where there was none."""
    former, label = instance.replaced, instance.release.label
    to = f"{former.release.label} is live again" if former else "nothing ran here before, so it stands still"
    commit = str(instance.rollout.get("commit", ""))
    reverts = f"This reverts commit {commit}.\n" if commit else ""
    told = message(
        f"Revert {label} of {instance.environment.application.name} in {instance.environment.name}",
        f"{reverts}{to}.",
        instance.environment,
    )
    if former is not None and (tree := str(former.rollout.get("tree", ""))):
        return Planned(told, key, at, tree=tree)
    back = kept.parts_of(former) if former else files.scaled_to_nothing(kept.parts_of(instance))
    return Planned(told, key, at, home.files(back))


def made_of(instance: Instance) -> Made | None:
    """What was committed for an instance, as it is written down."""
    told = instance.rollout
    return Made(str(told["commit"]), str(told.get("tree", ""))) if told.get("commit") else None


def message(subject: str, details: str, environment: Environment) -> str:
    """The words of a commit, with the Change that it belongs to."""
    change = Change.objects.filter(environment=environment.pk, status=Change.Status.APPLYING).order_by("-pk").first()
    number = f"Timonel-Change: {change.pk}\n" if change else f"Timonel-Environment: {environment.pk}\n"
    return f"{_line(subject)}\n\n{details}\n\n{number}"


def _line(text: str) -> str:
    return " ".join(text.split())[:120]
