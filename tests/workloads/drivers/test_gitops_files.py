"""What of a release is committed, under which names, and what never is."""

from __future__ import annotations

from typing import Any

import yaml

from workloads.drivers.gitops import files
from workloads.drivers.kubernetes.parts import Parts


def item(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **more}


MADE = Parts(
    foundation=(
        item("Secret", "shop-env-1a2b", data={"TOKEN": "aHVzaA=="}),
        item("Namespace", "shop"),
        item("ConfigMap", "shop-config-3c4d", data={"A": "1"}),
        item("PersistentVolumeClaim", "shop-media", spec={}),
    ),
    migration=item("Job", "shop-migrate-5e6f", spec={"template": {}, "ttlSecondsAfterFinished": 60}),
    web=(item("Deployment", "shop-web", spec={"replicas": 3}),),
    service=item("Service", "shop", spec={}),
    background=(item("Deployment", "shop-worker", spec={"replicas": 1}),),
    scalers=(item("HorizontalPodAutoscaler", "shop-web", spec={}),),
)


def test_secrets_and_the_namespace_stay_beside_the_namespace_first() -> None:
    assert [one["kind"] for one in files.beside(MADE)] == ["Namespace", "Secret"]
    for engine in (files.ARGO_CD, files.FLUX):
        written = "".join(files.committed(MADE, engine, files.PLAIN).values())
        assert "aHVzaA==" not in written and "kind: Secret" not in written and "kind: Namespace" not in written


def test_names_stay_from_release_to_release() -> None:
    other = Parts(foundation=(item("ConfigMap", "shop-config-9f9f", data={"A": "2"}),), web=MADE.web)
    named = [name for name in files.committed(other, files.ARGO_CD, files.PLAIN) if "config" in name]
    assert [name.partition("-")[2] for name in named] == ["configmap-shop-config.yaml"]


def test_argo_cd_runs_the_migration_as_a_hook_and_flux_does_not_see_it() -> None:
    argo, flux = (files.committed(MADE, engine, files.PLAIN) for engine in (files.ARGO_CD, files.FLUX))
    job = yaml.safe_load(next(text for name, text in argo.items() if "job" in name))
    assert job["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "Sync"
    assert not any("job" in name for name in flux)


def test_data_is_pruned_by_nobody() -> None:
    for engine, mark in ((files.ARGO_CD, "Prune=false"), (files.FLUX, "disabled")):
        assert mark in next(
            text for name, text in files.committed(MADE, engine, files.PLAIN).items() if "persistentvolumeclaim" in name
        )


def test_kustomize_gets_an_index_of_exactly_these_files() -> None:
    found = files.committed(MADE, files.FLUX, files.KUSTOMIZE)
    index = yaml.safe_load(found.pop(files.KUSTOMIZATION))
    assert index["kind"] == "Kustomization" and index["resources"] == sorted(found)


def test_where_there_is_nothing_to_return_to_it_stands_still() -> None:
    still = files.scaled_to_nothing(MADE)
    assert [one["spec"]["replicas"] for one in still.workloads] == [0, 0] and still.migration is None
    assert not any(one["kind"] == "HorizontalPodAutoscaler" for one in still.objects)


def test_differences_are_told_by_file() -> None:
    found = list(files.differences({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"}))
    assert found == [("b", "change", "1", "2"), ("c", "remove", "1", ""), ("d", "create", "", "1")]
