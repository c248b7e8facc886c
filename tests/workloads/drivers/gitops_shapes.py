"""Applications of Argo CD and Kustomizations of Flux as their controllers write them, anything of them changed."""

from __future__ import annotations

from typing import Any

OURS, BEFORE = "a" * 40, "b" * 40


def application(**status: Any) -> dict[str, Any]:
    """Synced to our commit and healthy, unless told otherwise."""
    spec = {
        "source": {"repoURL": "https://git.example/d.git", "path": "shop", "targetRevision": "main"},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
    }
    good: dict[str, Any] = {
        "sync": {"status": "Synced", "revision": OURS},
        "health": {"status": "Healthy"},
        "operationState": {"phase": "Succeeded", "syncResult": {"revision": OURS}},
        "resources": [{"kind": "Deployment", "name": "shop-web", "status": "Synced", "health": {"status": "Healthy"}}],
    }
    return {"metadata": {"name": "shop", "namespace": "argocd"}, "spec": spec, "status": {**good, **status}}


def kustomization(reason: str, ready: str, *, applied: str = OURS, attempted: str = OURS, message: str = "") -> dict[str, Any]:
    """A Kustomization with this Ready condition."""
    status = {
        "conditions": [{"type": "Ready", "status": ready, "reason": reason, "message": message}],
        "lastAppliedRevision": f"main@sha1:{applied}",
        "lastAttemptedRevision": f"main@sha1:{attempted}",
        "observedGeneration": 2,
    }
    return {"metadata": {"generation": 2}, "spec": {"sourceRef": {"name": "shop"}}, "status": status}


def source(ready: str = "True", message: str = "stored artifact") -> dict[str, Any]:
    """The GitRepository it reads."""
    return {"status": {"conditions": [{"type": "Ready", "status": ready, "message": message}]}}
