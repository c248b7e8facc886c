"""What a commit would change: the folder's files as they are against as they would be, and what is applied beside."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from controlplane.core.errors import Refused
from workloads.adapters.kubernetes.kinds import Json
from workloads.drivers.gitops import committing, files, standing, syncing
from workloads.drivers.gitops.committing import Home
from workloads.drivers.kubernetes import drifting, parts
from workloads.drivers.kubernetes import foreseeing as cluster
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.repairing.standing import Repaired, explained
from workloads.drivers.kubernetes.repairing.standing import of as repairs_there
from workloads.foreseen import FILE, Clash, Difference, Foreseen
from workloads.manifests import text
from workloads.models import GitOpsRepository, Target

MOST_LINES = 400


def foresee(job: Errand, home: Home, made: Parts) -> Foreseen:
    """Every file that would become otherwise. Raises Refused where the syncing side is not there, or reads something else."""
    demand(job, home)
    home.repository.fetch(committing.deadline())
    before, after = home.repository.files(home.repository.head()), home.files(made)
    repaired = repairs_there(job.environment.pk)
    changes = [
        replace(difference(home, *one), clashes=_taken_back(repaired, one[2], one[3])) for one in files.differences(before, after)
    ]
    beside = [found for item in files.beside(made) if (found := cluster.differing(job, item)) is not None]
    return Foreseen(
        where=f"{home.row.repository} {home.row.branch} {home.row.path}",
        strategy=home.row.target.mode,
        steps=_steps(home),
        differences=(*beside, *changes),
        same=len(after) - sum(one.what != "remove" for one in changes),
        notes=(*made.notes, *notes(job, home)),
    )


def demand(job: Errand, home: Home) -> None:
    """Raise Refused unless the syncing side is there and reads the folder that we write."""
    item = syncing.read(job, home.row)
    if home.row.engine == GitOpsRepository.Engine.FLUX:
        path = str((item.get("spec") or {}).get("path", "")).strip("./")
        if path != home.row.path.strip("./"):
            raise _elsewhere(home, f"path {path or '/'}")
        return
    read = standing.reads(item)
    if not any(path == home.row.path.strip("./") for _, _, path in read):
        raise _elsewhere(home, ", ".join(f"path {path or '/'}" for _, _, path in read) or "nothing")
    revisions = {revision for _, revision, path in read if path == home.row.path.strip("./")}
    if not revisions & {home.row.branch, f"refs/heads/{home.row.branch}", "HEAD"}:
        raise _elsewhere(home, f"revision {', '.join(sorted(revisions))}")


def notes(job: Errand, home: Home) -> tuple[str, ...]:
    """What whoever approves should know of the syncing side."""
    if home.row.engine == GitOpsRepository.Engine.FLUX:
        return ("Flux syncs; Timonel runs the migrations before it commits.",)
    item: Json = syncing.read(job, home.row)
    first = (
        "Argo CD syncs by itself."
        if standing.automated(item)
        else "Argo CD does not sync by itself: Timonel begins one sync of the commit."
    )
    heals = (
        ("It heals itself: what others change in the cluster is undone. A way back is a revert commit.",)
        if standing.heals(item)
        else ()
    )
    other = [repository for repository, _, _ in standing.reads(item) if _plain(repository) != _plain(home.row.repository)]
    differs = (f"The Application names the repository as {', '.join(other)}.",) if other else ()
    return (first, *heals, *differs)


def who(home: Home) -> str:
    """Who syncs."""
    return "Flux" if home.row.engine == GitOpsRepository.Engine.FLUX else "Argo CD"


def _taken_back(repaired: Mapping[str, Sequence[Repaired]], before: str, after: str) -> tuple[Clash, ...]:
    """Whose repairs of this file's object the commit would take back."""
    old, new = (next(iter(text.read(content)), None) for content in (before, after))
    if old is None or new is None or not repaired:
        return ()
    found: dict[int, list[str]] = {}
    for field, change in explained(old, drifting.between(old, new), repaired.get(parts.title(old), ())):
        found.setdefault(change, []).append(field.name)
    return tuple(Clash(f"change {change}", tuple(sorted(names))) for change, names in sorted(found.items()))


def _steps(home: Home) -> tuple[str, ...]:
    reviewed = home.row.target.mode == Target.Mode.PULL_REQUEST
    return (
        "The namespace and the Secrets are applied by Timonel itself: they are never committed.",
        "A pull request is opened, and nothing happens until a person merges it."
        if reviewed
        else f"The files are committed to {home.row.branch}.",
        f"{who(home)} syncs them; Timonel waits until they are synced and healthy, and looks at pods and pages itself.",
        "What fails is taken back by a revert commit.",
    )


def difference(home: Home, name: str, what: str, before: str, after: str) -> Difference:
    """One file, as people read a change of it."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3))[2:]  # without the names
    left = [f"[... {len(lines) - MOST_LINES} lines more ...]"] if len(lines) > MOST_LINES else []
    digest = hashlib.sha256(after.encode()).hexdigest()
    return Difference(FILE, f"{home.row.path}/{name}", what, "\n".join([*lines[:MOST_LINES], *left]), digest)


def _elsewhere(home: Home, what: str) -> Refused:
    return Refused(
        f"{home.row.object_name} reads {what}, not {home.row.path} of {home.row.branch}.",
        cure="Correct the path and branch of the GitOps repository, or what the syncing side reads.",
    )


def _plain(repository: str) -> str:
    return repository.rpartition("@")[2].removesuffix("/").removesuffix(".git").rpartition("://")[2].replace(":", "/")
