"""Pure: a release's objects as the files of a folder in a repository. No file ever holds a secret's value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from workloads.drivers.kubernetes import parts
from workloads.drivers.kubernetes.parts import Parts
from workloads.manifests import text
from workloads.manifests.formats import argocd, plain
from workloads.manifests.rendered import Rendered

Json = dict[str, Any]
ARGO_CD, FLUX = "argo_cd", "flux"
PLAIN, KUSTOMIZE = "plain", "kustomize"
BESIDE = frozenset({"Secret", "Namespace"})  # Timonel's own: a secret is never committed, and a namespace never pruned
KEPT = {
    ARGO_CD: {"argocd.argoproj.io/sync-options": "Prune=false"},
    FLUX: {"kustomize.toolkit.fluxcd.io/prune": "disabled"},
}
KUSTOMIZATION = "kustomization.yaml"


def of_release(rendered: Rendered) -> Parts:
    """The parts of a release without sets: those are steps of a roll-out, and a repository holds its outcome."""
    web, scalers = parts.divided(rendered.web)
    background, others = parts.divided(rendered.background)
    return Parts(
        foundation=rendered.foundation,
        migration=rendered.migration,
        web=web,
        service=rendered.service,
        background=background,
        scalers=(*scalers, *others),
        around=rendered.around,
        notes=rendered.notes,
        host=rendered.host,
        https=rendered.https,
    )


def beside(made: Parts) -> tuple[Json, ...]:
    """What Timonel applies itself: the namespace, then the Secrets. Their names tell their content apart, so old ones stay good."""
    return tuple(sorted((item for item in made.objects if item["kind"] in BESIDE), key=lambda item: item["kind"] == "Secret"))


def committed(made: Parts, engine: str, layout: str) -> dict[str, str]:
    """File name -> content, sorted: names that stay from release to release, so that the history tells what changed."""
    shown = _of_engine(made, engine)
    found = plain.numbered(_kept(item, engine) for item in shown.public if item["kind"] not in BESIDE)
    if layout == KUSTOMIZE:
        index = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": sorted(found)}
        found[KUSTOMIZATION] = text.document(index)
    return dict(sorted(found.items()))


def scaled_to_nothing(made: Parts) -> Parts:
    """The same, standing still: where a first release failed there is nothing to return to."""
    return replace(
        made,
        migration=None,
        web=tuple(parts.scaled(item, 0) for item in made.web),
        background=tuple(parts.scaled(item, 0) for item in made.background),
        scalers=(),
    )


def differences(before: dict[str, str], after: dict[str, str]) -> Iterable[tuple[str, str, str, str]]:
    """What changes, by file: its name, `create`, `change` or `remove`, and the two contents."""
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            yield name, "create" if name not in before else "remove" if name not in after else "change", old, new


def _of_engine(made: Parts, engine: str) -> Rendered:
    """In waves with the migration as a hook for Argo CD. Flux knows no order, so Timonel runs the migration before it commits."""
    rendered = Rendered(
        foundation=made.foundation,
        migration=made.migration if engine == ARGO_CD else None,
        web=made.web,
        preview=None,
        service=made.service,
        background=(*made.background, *made.scalers),
        around=made.around,
        config="",
        secret="",
    )
    return argocd.waved(rendered) if engine == ARGO_CD else rendered


def _kept(item: Json, engine: str) -> Json:
    """Data is not pruned, whatever happens to the repository."""
    if item["kind"] != "PersistentVolumeClaim":
        return item
    annotations = {**(item["metadata"].get("annotations") or {}), **KEPT[engine]}
    return {**item, "metadata": {**item["metadata"], "annotations": dict(sorted(annotations.items()))}}
