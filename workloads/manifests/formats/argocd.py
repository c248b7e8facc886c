"""For Argo CD: plain objects in waves, and the Application that names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workloads.manifests import marks, names, text
from workloads.manifests.formats import plain
from workloads.manifests.profile import Profile
from workloads.manifests.render import render
from workloads.manifests.rendered import Rendered

Json = dict[str, Any]
API = "argoproj.io/v1alpha1"
WAVE, HOOK, HOOK_DELETE = "argocd.argoproj.io/sync-wave", "argocd.argoproj.io/hook", "argocd.argoproj.io/hook-delete-policy"
FOUNDATION, MIGRATION, WORKLOADS, AROUND = "-2", "-1", "0", "1"
HERE = "https://kubernetes.default.svc"


@dataclass(frozen=True, slots=True)
class Source:
    """Where Argo CD finds the manifests."""

    repository: str
    path: str
    revision: str = "HEAD"
    project: str = "default"
    namespace: str = "argocd"  # where Argo CD is
    server: str = HERE
    automated: bool = False  # sync by itself, as soon as the repository changes
    self_heal: bool = False
    prune: bool = False


def files(profile: Profile, source: Source | None = None) -> dict[str, str]:
    """The manifests in a folder, and the Application beside it."""
    where = source or Source("https://git.example.com/team/deployments.git", f"{profile.application}/{profile.environment}")
    rendered = waved(render(profile))
    found = {f"manifests/{name}": content for name, content in plain.numbered(rendered.public).items()}
    found["application.yaml"] = text.document(application(profile, where))
    if rendered.secrets:
        found["secrets.example.yaml"] = plain.example(rendered.secrets)
    return dict(sorted(found.items()))


def application(profile: Profile, source: Source) -> Json:
    """The Application. Fields that an autoscaler writes are left to it."""
    policy: Json = {"syncOptions": ["CreateNamespace=false", "ServerSideApply=true", "PruneLast=true"]}
    if source.automated:
        policy = {"automated": {"prune": source.prune, "selfHeal": source.self_heal}, **policy}
    spec: Json = {
        "project": source.project,
        "source": {"repoURL": source.repository, "targetRevision": source.revision, "path": source.path},
        "destination": {"server": source.server, "namespace": profile.namespace},
        "syncPolicy": policy,
        "revisionHistoryLimit": 10,
    }
    metadata = {"name": name(profile), "namespace": source.namespace, "labels": _labels(profile)}
    return {"apiVersion": API, "kind": "Application", "metadata": metadata, "spec": spec}


def name(profile: Profile) -> str:
    """The Application's name: the application and its environment."""
    return names.joined(profile.application, profile.environment, limit=names.LABEL)


def waved(rendered: Rendered) -> Rendered:
    """The objects as Argo CD must take them: configuration, then migrations, then what runs, then what is around it.

    The migration Job is a hook of every sync: a Job that is over and gone would otherwise be missed, and made again, for ever.
    """
    job = rendered.migration
    if job is not None:
        told = {HOOK: "Sync", HOOK_DELETE: "BeforeHookCreation", WAVE: MIGRATION}
        job = _told({**job, "spec": {key: value for key, value in job["spec"].items() if key != "ttlSecondsAfterFinished"}}, told)
    return Rendered(
        foundation=tuple(_told(item, {WAVE: _early(item, rendered)}) for item in rendered.foundation),
        migration=job,
        web=tuple(_told(item, {WAVE: WORKLOADS}) for item in rendered.web),
        preview=rendered.preview and _told(rendered.preview, {WAVE: WORKLOADS}),
        service=rendered.service and _told(rendered.service, {WAVE: WORKLOADS}),
        background=tuple(_told(item, {WAVE: WORKLOADS}) for item in rendered.background),
        around=tuple(_told(item, {WAVE: AROUND}) for item in rendered.around),
        config=rendered.config,
        secret=rendered.secret,
        notes=rendered.notes,
    )


def _early(item: Json, rendered: Rendered) -> str:
    """A claim may wait for its first pod: before the wave that has one, the whole sync would wait for the claim."""
    if item["kind"] != "PersistentVolumeClaim":
        return FOUNDATION
    return MIGRATION if rendered.migration is not None else WORKLOADS


def _told(item: Json, annotations: dict[str, str]) -> Json:
    metadata = dict(item["metadata"])
    metadata["annotations"] = dict(sorted({**metadata.get("annotations", {}), **annotations}.items()))
    return {**item, "metadata": metadata}


def _labels(profile: Profile) -> dict[str, str]:
    return {name: value for name, value in marks.labels(profile).items() if name not in {"timonel.dev/set", "timonel.dev/release"}}
