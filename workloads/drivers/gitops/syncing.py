"""Waiting until Argo CD or Flux stands at our commit, and the workloads by our own look; asking it to hurry, never forcing it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from controlplane.core.errors import Refused
from controlplane.core.redaction import redact
from workloads.adapters.kubernetes.kinds import Json, kind_named, kind_of
from workloads.drivers.gitops import standing
from workloads.drivers.gitops.committing import Home
from workloads.drivers.gitops.standing import Standing
from workloads.drivers.kubernetes import evidence, waiting
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.progress import progress
from workloads.evidence import Evidence
from workloads.models import GitOpsRepository
from workloads.verdicts import Verdict

APPLICATION, KUSTOMIZATION, SOURCE = kind_named("Application"), kind_named("Kustomization"), kind_named("GitRepository")
REFRESH, REQUESTED = "argocd.argoproj.io/refresh", "reconcile.fluxcd.io/requestedAt"
WHO = "timonel"
LOOK_SECONDS = 1.5
REFRESH_SECONDS = 15.0
SURE = {
    "unreadable": 20.0,
    "degraded": 10.0,
    "failed": 3.0,
    "retrying": 30.0,
}  # seconds that it must look so; a glance is no verdict
LEAST_PATIENCE = 180.0  # Argo CD's own polling takes up to as long


@dataclass(frozen=True, slots=True)
class Synced:
    """How waiting ended. `ok`: at our commit, healthy, and the pods stand by our own look."""

    ok: bool
    why: str
    cure: str = ""
    standing: Standing | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class Sync:
    """One wait for one content of the folder (`tree`).

    `overtaking`: a sync of something else that is under way is ended. `applied_only`: it need only be in the cluster, and what
    becomes of the pods is looked at elsewhere. `at_most`: seconds, however it gets on.
    """

    errand: Errand
    home: Home
    tree: str
    commit: str
    workloads: Sequence[Json]
    overtaking: bool = False
    applied_only: bool = False
    at_most: float | None = None
    told: str = ""
    asked_at: float = 0.0
    hard: bool = False
    begun: bool = False

    def run(self) -> Synced:
        """Look again and again until it is sure; a state that may pass must last before it counts."""
        began = moved = time.monotonic()
        since: dict[str, float] = {}
        mark: object = None
        while True:
            item = read(self.errand, self.home.row)
            found, pods = self.judge(item), waiting.standing_of(self.errand.patient, self.errand.namespace, self.workloads)
            now = time.monotonic()
            self._say(found)
            since = {found.state: since.get(found.state, now), "pods": since.get("pods", now) if pods.failing else now}
            if (found.state, found.why, pods.ready) != mark:
                mark, moved = (found.state, found.why, pods.ready), now
            if ended := self._ended(found, pods.failing, now, since):
                return ended
            if now - moved > self._patience(found) or (self.at_most is not None and now - began > self.at_most):
                return self._told(
                    False, f"It did not get on for {now - moved:.0f} s: {found.why}", "Look at what it waits for.", found
                )
            self._hurry(item, found, now - began)
            time.sleep(LOOK_SECONDS)

    def judge(self, item: Json) -> Standing:
        """How it stands to our commit."""
        ours = self.home.ours(self.tree)
        if self.home.row.engine == GitOpsRepository.Engine.FLUX:
            return standing.flux(item, source_of(self.errand, item), ours)
        return standing.argo_cd(item, ours)

    def _ended(self, found: Standing, failing: bool, now: float, since: Mapping[str, float]) -> Synced | None:
        if self.applied_only and found.applied:
            return Synced(True, found.why, "", found, (shown(found),))
        if found.good:
            return self._stands(found)
        lasted = now - since.get(found.state, now)
        if found.state in SURE and lasted >= SURE[found.state]:
            return self._told(False, found.why, found.cure, found)
        at_ours = self.home.ours(self.tree)(found.revision)
        if failing and at_ours and now - since["pods"] >= waiting.SURE_SECONDS:  # sooner than Argo CD calls it Degraded
            return self._told(False, f"The pods do not come up ({found.why})", "", found)
        return None

    def _stands(self, found: Standing) -> Synced:
        """They say it is good: the pods of this version must be ready by our own look as well."""
        ready = self.errand.until_ready(self.workloads)
        if ready.seconds is None:
            why = f"{found.why}, but its pods do not stand: {ready.why}"
            return Synced(False, why, ready.cure, found, (shown(found), *ready.evidence))
        return Synced(True, found.why, "", found, (shown(found),))

    def _told(self, ok: bool, why: str, cure: str, found: Standing) -> Synced:
        pods = waiting.pods_of(self.errand.patient, self.errand.namespace, self.workloads)
        seen = evidence.of_pods(self.errand.patient, self.errand.namespace, pods, self.errand.secrets) if pods else ()
        trouble = evidence.summary(waiting.standing_of(self.errand.patient, self.errand.namespace, self.workloads).troubles)
        own = next((text for text in (trouble[0], self._slow()) if text and text not in why), "")
        told = f"{why}. {own}" if own else why
        return Synced(ok, redact(told, self.errand.secrets), cure or trouble[1], found, (shown(found), *seen))

    def _slow(self) -> str:
        """What the workloads' own controllers say against them."""
        found = []
        for item in self.workloads:
            kind, name = kind_of(item), str(item["metadata"]["name"])
            live = self.errand.patient.ask(lambda client, kind=kind, name=name: client.get(kind, name, self.errand.namespace))  # type: ignore[misc]
            found += [f"{item['kind']}/{name}: {said.failed}"] if live and (said := progress(live)).failed else []
        return "; ".join(found)

    def _patience(self, found: Standing) -> float:
        return max(self.errand.rollout.patience, LEAST_PATIENCE)

    def _say(self, found: Standing) -> None:
        if found.why != self.told:
            self.told = found.why
            self.errand.say(redact(found.why, self.errand.secrets), level="warning" if found.state in SURE else "info")

    def _hurry(self, item: Json, found: Standing, past: float) -> None:
        """A refresh now and then, a hard one for what may be a kept error; a sync where nobody else would begin it."""
        now = time.monotonic()
        if self.overtaking and standing.syncs_something_else(item, self.home.ours(self.tree)):
            terminate(self.errand, self.home.row)  # of a commit that is not wanted any more
            return
        if found.state == "unsynced" and not self.begun:
            self.begun = True
            begin_sync(self.errand, self.home.row, item, self.commit)
            return
        kept = found.state == "unreadable" and not self.hard and past > SURE["unreadable"] / 2
        if kept or now - self.asked_at > REFRESH_SECONDS:
            self.hard, self.asked_at = self.hard or kept, now
            refresh(self.errand, self.home.row, item, hard=kept)


def read(errand: Errand, row: GitOpsRepository) -> Json:
    """The Application or Kustomization. Raises Refused where there is none."""
    kind = KUSTOMIZATION if row.engine == GitOpsRepository.Engine.FLUX else APPLICATION
    found = errand.patient.ask(lambda client: client.get(kind, row.object_name, row.object_namespace))
    if found is None:
        raise Refused(
            f"There is no {kind.name} {row.object_name} in {row.object_namespace}.",
            cure=f"Make one that reads {row.repository}, branch {row.branch}, path {row.path}; or correct its name.",
        )
    return found


def source_of(errand: Errand, item: Json) -> Json | None:
    """The GitRepository that a Kustomization reads."""
    named = (item.get("spec") or {}).get("sourceRef") or {}
    space = str(named.get("namespace") or item["metadata"]["namespace"])
    return errand.patient.ask(lambda client: client.get(SOURCE, str(named.get("name", "")), space))


def refresh(errand: Errand, row: GitOpsRepository, item: Json, *, hard: bool = False) -> None:
    """Ask it to look at its repository now."""
    if row.engine == GitOpsRepository.Engine.FLUX:
        at = {REQUESTED: datetime.now(UTC).isoformat()}
        named = (item.get("spec") or {}).get("sourceRef") or {}
        space = str(named.get("namespace") or row.object_namespace)
        _annotate(errand, SOURCE, str(named.get("name", "")), space, at)
        _annotate(errand, KUSTOMIZATION, row.object_name, row.object_namespace, at)
        return
    _annotate(errand, APPLICATION, row.object_name, row.object_namespace, {REFRESH: "hard" if hard else "normal"})


def begin_sync(errand: Errand, row: GitOpsRepository, item: Json, commit: str) -> None:
    """Begin one sync to our commit, as `argocd app sync` does: this Application leaves that to people."""
    policy = (item.get("spec") or {}).get("syncPolicy") or {}
    sync: dict[str, Any] = {"revision": commit, "syncStrategy": {"hook": {}}}
    sync |= {"syncOptions": policy["syncOptions"]} if policy.get("syncOptions") else {}
    change = {
        "metadata": {"resourceVersion": item["metadata"]["resourceVersion"]},
        "operation": {"initiatedBy": {"username": WHO}, "sync": sync},
    }
    errand.say("The Application does not sync by itself: beginning a sync")
    errand.patient.ask(lambda client: client.patch(APPLICATION, row.object_name, row.object_namespace, change, manager=WHO))


def terminate(errand: Errand, row: GitOpsRepository) -> None:
    """End the sync that is under way, as `argocd app terminate-op` does."""
    errand.say("Ending the sync of another commit")
    change = {"status": {"operationState": {"phase": "Terminating"}}}
    errand.patient.ask(lambda client: client.patch(APPLICATION, row.object_name, row.object_namespace, change, manager=WHO))


def shown(found: Standing) -> Evidence:
    """What Argo CD or Flux says, as a table."""
    rows = [
        ["revision", found.revision, "", ""],
        ["state", found.sync, found.health, found.why],
        *(list(row) for row in found.rows),
    ]
    columns = ["what", "sync", "health", "message"]
    body = {"columns": columns, "rows": [[redact(cell) for cell in row] for row in rows]}
    return Evidence(
        "What the syncing side says", "table", body, "get application", Verdict.PASSED if found.good else Verdict.FAILED
    )


def _annotate(errand: Errand, kind: Any, name: str, space: str, annotations: dict[str, str]) -> None:
    change = {"metadata": {"annotations": annotations}}
    errand.patient.ask(lambda client: client.patch(kind, name, space, change, manager=WHO))
