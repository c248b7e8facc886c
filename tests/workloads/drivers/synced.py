"""A repository, a forge and somebody who syncs, played around a cluster that is played: what is on the branch is applied."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from controlplane.core.models import User
from tests.fake_cluster import FakeCluster
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from tests.workloads.stage import decide
from workloads import carrying
from workloads.adapters.commits import Repository
from workloads.adapters.kubernetes.access import Access
from workloads.adapters.kubernetes.client import Client
from workloads.manifests import text
from workloads.models import Change, GitOpsRepository, Target

PATH = "production/shop"
API = "argoproj.io/v1alpha1"
KIND = {"api": API, "kind": "Application", "plural": "applications", "namespaced": True}


def git(folder: Path, *words: str) -> str:
    """What git says in this folder."""
    who = ["-c", "user.name=Olga", "-c", "user.email=olga@example.org"]
    return subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True).stdout.strip()


def carried(change: Change, person: User) -> Change:
    """Approved by this person, done, and looked at."""
    decide(change, person)
    assert carrying.carry_through(change.pk, fence=1)
    change.refresh_from_db()
    assert "verification" in change.result, change.result
    return change


@contextmanager
def killed_after_the_push() -> Iterator[None]:
    """A worker that ends right after its commit is on the branch."""
    real = Repository.commit

    def killed(self: Repository, *words: Any) -> Any:
        real(self, *words)
        raise KeyboardInterrupt

    with patch.object(Repository, "commit", killed), pytest.raises(KeyboardInterrupt):
        yield


def application(repository: str, revision: str, sync: str = "Synced") -> dict[str, Any]:
    """An Application of Argo CD that reads this repository, and how it stands."""
    source = {"repoURL": repository, "targetRevision": "main", "path": PATH}
    return {
        "apiVersion": API,
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {"source": source, "syncPolicy": {"automated": {"selfHeal": True}}},
        "status": {"sync": {"status": sync, "revision": revision}, "health": {"status": "Healthy"}},
    }


@dataclass
class Synced:
    """`shop/production` where Timonel commits. `syncing` is off while Argo CD looks away."""

    stage: ClusterStage
    cluster: FakeCluster
    bare: Path
    work: Path
    syncing: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    seen: str = ""  # the commit that is applied

    def begin(self) -> None:
        """Make the repository and its rows, and begin to sync."""
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.bare)], check=True)
        Target.objects.update(mode=Target.Mode.COMMIT)
        target = Target.objects.get(environment=self.stage.environment)
        GitOpsRepository.objects.create(target=target, repository=str(self.bare), path=PATH, object_name="shop")
        self.cluster.kinds.append(KIND)
        self.cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
        self.tell("", "Unknown")
        self.syncing.set()
        threading.Thread(target=self._sync, daemon=True).start()

    def tell(self, revision: str, sync: str = "Synced") -> None:
        """What the Application says of itself."""
        self.cluster.put(application(str(self.bare), revision, sync))

    def log(self, branch: str = "main") -> list[str]:
        """The subjects of its commits, the newest first."""
        return git(self.bare, "log", "--format=%s", branch).splitlines()

    def says(self, name: str, branch: str = "main") -> str:
        """A file of the folder."""
        [path] = [one for one in git(self.bare, "ls-tree", "--name-only", branch, f"{PATH}/").splitlines() if one.endswith(name)]
        return git(self.bare, "show", f"{branch}:{path}")

    def commit(self, name: str, was: str, to: str) -> None:
        """What a person does in an editor; it is synced before this returns."""
        self._fetched()
        [file] = (self.work / PATH).glob(f"*{name}")
        file.write_text(file.read_text().replace(was, to))
        git(self.work, "commit", "-qam", f"{to}")
        git(self.work, "push", "-q", "origin", "main")
        head, end = git(self.work, "rev-parse", "HEAD"), time.monotonic() + 20
        while self.syncing.is_set() and self.seen != head:
            assert time.monotonic() < end, "it was not synced"
            time.sleep(0.02)

    def merge(self, branch: str, *, squash: bool = False) -> None:
        """What a person does at the forge."""
        self._fetched()
        git(self.work, "merge", "-q", "--squash" if squash else "--no-ff", f"origin/{branch}")
        if squash:
            git(self.work, "commit", "-q", "-m", "Merged")
        git(self.work, "push", "-q", "origin", "main")

    def _fetched(self) -> None:
        if not self.work.exists():
            subprocess.run(["git", "clone", "-q", str(self.bare), str(self.work)], check=True)
        git(self.work, "pull", "-q")
        git(self.work, "fetch", "-q", "origin")

    def _sync(self) -> None:
        kube = Client(Access(self.cluster.kubeconfig))
        while not self.over.wait(0.05):
            head = subprocess.run(
                ["git", "-C", str(self.bare), "rev-parse", "-q", "--verify", "main"], check=False, capture_output=True, text=True
            )
            now = head.stdout.strip()
            if not now or not self.syncing.is_set() or now == self.seen:
                continue
            for name in git(self.bare, "ls-tree", "--name-only", now, f"{PATH}/").splitlines():
                for item in text.read(git(self.bare, "show", f"{now}:{name}")):
                    kube.apply(item, manager="argocd", force=True)
            self.tell(now)
            self.seen = now
