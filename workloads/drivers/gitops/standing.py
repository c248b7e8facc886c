"""Pure: what an Application of Argo CD or a Kustomization of Flux says about one commit, told truly.

An Application whose source cannot be read is `Unknown` and may still be `Healthy`: what ran before does. Healthy alone is never
a pass: it must be synced to our commit, and nothing may be wrong with how it got there (argo-cd.readthedocs.io, "Resource
Health"; fluxcd.io, "Kustomization", status).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["waiting", "done", "unreadable", "failed", "retrying", "degraded", "unsynced"]
Ours = Callable[[str], bool]
UNREADABLE = ("ComparisonError", "InvalidSpecError", "UnknownError")
ENDED_BADLY = ("Failed", "Error")
SHA = re.compile(r"\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b")
READ_IT = "Look at its conditions: the repository's address and credentials, the branch, the path, and what the manifests say."
MEND_SYNC = "Read what the sync says, mend it, deploy again."
FLUX_SOURCE = "Look at the source's address, credentials and branch."
UNSAID = "it does not say why"
MOST = 8  # resources named in a sentence


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands. `waiting` may become anything, `unsynced` waits for somebody to begin a sync, `retrying` failed once at least
    and is tried again by itself; the others are ends."""

    state: State
    why: str
    cure: str = ""
    revision: str = ""
    sync: str = ""
    health: str = ""
    notes: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()  # resources: kind and name, sync, health, message
    applied: bool = False  # our commit is in the cluster, whatever became of the pods

    @property
    def good(self) -> bool:
        """Synced to our commit and healthy."""
        return self.state == "done"


def argo_cd(application: Mapping[str, Any], ours: Ours) -> Standing:
    """How an Application stands to our commit. `ours`: whether a revision holds what we committed."""
    status = application.get("status") or {}
    sync, health = status.get("sync") or {}, str((status.get("health") or {}).get("status", ""))
    revision = str(sync.get("revision") or next(iter(sync.get("revisions") or []), ""))
    resources = status.get("resources") or []
    told: dict[str, Any] = {"revision": revision, "sync": str(sync.get("status", "")), "health": health, "rows": _rows(resources)}
    if wrong := _conditions(status, UNREADABLE):
        return Standing("unreadable", f"Argo CD cannot make manifests of its source: {wrong}", READ_IT, **told)
    operation = status.get("operationState") or {}
    if str(operation.get("phase")) in ENDED_BADLY and ours(_revision_of(operation)):
        return Standing("failed", f"The sync failed: {_why_failed(operation)}", MEND_SYNC, **told)
    if operation.get("phase") == "Running" and operation.get("retryCount") and ours(_revision_of(operation)):
        why = _failing(operation) or _unhealthy(resources) or str(operation.get("message") or UNSAID)
        return Standing("retrying", f"The sync failed, and is tried again: {why}", MEND_SYNC, **told)
    if not ours(revision):
        return Standing("waiting", f"Argo CD is still at {revision[:12] or 'nothing'}", **told)
    if operation.get("phase") == "Running" or application.get("operation"):
        return Standing("waiting", f"Argo CD syncs: {operation.get('message') or 'it has begun'}", **told)
    return _synced_or_not(application, resources, told)


def _synced_or_not(application: Mapping[str, Any], resources: Sequence[Mapping[str, Any]], told: dict[str, Any]) -> Standing:
    """At our revision, with no sync under way."""
    behind = [
        one for one in resources if one.get("status") == "OutOfSync" and not one.get("requiresPruning") and not one.get("hook")
    ]
    left = [_title(one) for one in resources if one.get("requiresPruning")]
    notes = (f"Left in the cluster, since the Application does not prune: {_listed(left)}.",) if left else ()
    known = told["sync"] == "Synced" or (told["sync"] == "OutOfSync" and bool(left) and not behind)
    if not known:
        which = _listed([_title(one) for one in behind]) or "it was not compared yet"
        state: State = "waiting" if automated(application) else "unsynced"
        return Standing(state, f"It is {told['sync'] or 'not compared'}: {which}", notes=notes, **told)
    told["applied"] = True
    if told["health"] == "Healthy":
        return Standing("done", "Synced and Healthy", notes=notes, **told)
    if told["health"] == "Degraded":
        return Standing(
            "degraded", f"Synced, but Degraded{_colon(_unhealthy(resources))}", "Read why, mend it, deploy again.", **told
        )
    return Standing(
        "waiting", f"Synced; {told['health'] or 'of unknown health'}{_colon(_unhealthy(resources))}", notes=notes, **told
    )


def automated(application: Mapping[str, Any]) -> bool:
    """Whether Argo CD syncs by itself."""
    policy = ((application.get("spec") or {}).get("syncPolicy") or {}).get("automated")
    return policy is not None and policy.get("enabled", True) is not False


def heals(application: Mapping[str, Any]) -> bool:
    """Whether it also undoes what others change in the cluster."""
    policy = ((application.get("spec") or {}).get("syncPolicy") or {}).get("automated") or {}
    return automated(application) and bool(policy.get("selfHeal"))


def reads(application: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Its sources: repository, revision, path."""
    spec = application.get("spec") or {}
    sources = spec.get("sources") or ([spec["source"]] if spec.get("source") else [])
    return [
        (str(one.get("repoURL", "")), str(one.get("targetRevision") or "HEAD"), str(one.get("path", "")).strip("./"))
        for one in sources
    ]


def flux(kustomization: Mapping[str, Any], source: Mapping[str, Any] | None, ours: Ours) -> Standing:
    """How a Kustomization and the source it reads stand to our commit."""
    status, spec = kustomization.get("status") or {}, kustomization.get("spec") or {}
    applied, attempted = str(status.get("lastAppliedRevision", "")), str(status.get("lastAttemptedRevision", ""))
    ready = _condition(status, "Ready")
    told: dict[str, Any] = {"revision": applied, "sync": str(ready.get("reason", "")), "health": str(ready.get("status", ""))}
    if spec.get("suspend"):
        return Standing("failed", "The Kustomization is suspended: nothing is synced", "Resume it, then deploy again.", **told)
    unread = _condition((source or {}).get("status") or {}, "Ready")
    if source is None or unread.get("status") == "False":
        why = str(unread.get("message") or "there is none of its name")
        return Standing("unreadable", f"Flux cannot read its source: {why}", FLUX_SOURCE, **told)
    if ready.get("status") == "False" and ready.get("reason") == "HealthCheckFailed" and ours(attempted):
        why = f"Applied, but not healthy: {ready.get('message')}"
        return Standing("degraded", why, "Read why, mend it, deploy again.", applied=True, **told)
    if ready.get("status") == "False" and ours(attempted) and ready.get("reason") not in PASSING:
        return Standing("failed", f"Flux could not apply it: {ready.get('message')}", MEND_SYNC, **told)
    current = status.get("observedGeneration") in {None, (kustomization.get("metadata") or {}).get("generation")}
    if ready.get("status") == "True" and ours(applied) and current:
        return Standing("done", "Applied and Ready", applied=True, **told)
    return Standing("waiting", f"Flux is still at {applied or 'nothing'}: {ready.get('message') or 'it has not begun'}", **told)


PASSING = frozenset({"Progressing", "DependencyNotReady", "ProgressingWithRetry"})


def shas(revision: str) -> list[str]:
    """The commits that a revision names: `main@sha1:...`, `main/...` or the commit alone."""
    return SHA.findall(revision)


def _conditions(status: Mapping[str, Any], wanted: Sequence[str]) -> str:
    found = [str(one.get("message", one.get("type"))) for one in status.get("conditions") or [] if one.get("type") in wanted]
    return "; ".join(dict.fromkeys(found))[:600]


def _condition(status: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next((one for one in status.get("conditions") or [] if one.get("type") == name), {})


def _revision_of(operation: Mapping[str, Any]) -> str:
    result = operation.get("syncResult") or {}
    asked = ((operation.get("operation") or {}).get("sync")) or {}
    return str(result.get("revision") or next(iter(result.get("revisions") or []), "") or asked.get("revision", ""))


def syncs_something_else(application: Mapping[str, Any], ours: Ours) -> bool:
    """Whether a sync of another commit is under way: a new one begins only after it, and it may be tried again for minutes."""
    operation = (application.get("status") or {}).get("operationState") or {}
    return operation.get("phase") == "Running" and not ours(_revision_of(operation))


def _why_failed(operation: Mapping[str, Any]) -> str:
    return _failing(operation) or str(operation.get("message") or UNSAID)


def _failing(operation: Mapping[str, Any]) -> str:
    resources = (operation.get("syncResult") or {}).get("resources") or []
    bad = [one for one in resources if one.get("status") == "SyncFailed" or one.get("hookPhase") in ENDED_BADLY]
    named = [f"{_title(one)}: {one.get('message') or one.get('hookPhase')}" for one in bad]
    return _listed(named)


def _unhealthy(resources: Sequence[Mapping[str, Any]]) -> str:
    bad = [one for one in resources if str((one.get("health") or {}).get("status", "Healthy")) not in {"Healthy", ""}]
    named = [
        f"{_title(one)} is {one['health']['status']}" + (f" ({one['health']['message']})" if one["health"].get("message") else "")
        for one in bad
    ]
    return _listed(named)


def _colon(text: str) -> str:
    """Resources have no health of their own here where Argo CD keeps it elsewhere."""
    return f": {text}" if text else ""


def _rows(resources: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            _title(one),
            str(one.get("status", "")),
            str((one.get("health") or {}).get("status", "")),
            str((one.get("health") or {}).get("message", "")),
        )
        for one in resources
    )


def _title(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('kind')}/{resource.get('name')}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return "; ".join(names[:MOST]) + more
