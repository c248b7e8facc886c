"""The same objects in other people's ways of keeping them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workloads.manifests.profiles import PROFILES, SECRET, harbour, scaled
from workloads.manifests.formats import argocd, helm, kustomize, plain
from workloads.manifests.policies.judge import judge
from workloads.manifests.profile import Profile
from workloads.manifests.render import render
from workloads.manifests.validation import custom

Json = dict[str, Any]
FORMATS = {"plain": plain.files, "kustomize": kustomize.files, "helm": helm.files, "argocd": argocd.files}
DIGESTED = re.compile(r"\bharbour-(config|secrets|migrate)-[a-z0-9]{10}\b")
needs_kubectl = pytest.mark.skipif(not shutil.which("kubectl"), reason="not run: no kubectl, which carries Kustomize")
needs_helm = pytest.mark.skipif(not shutil.which("helm"), reason="not run: no helm")


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("form", FORMATS)
def test_no_file_holds_a_secret_and_every_yaml_file_can_be_read(form: str, name: str) -> None:
    for place, content in FORMATS[form](PROFILES[name]()).items():
        assert SECRET not in content, place
        if place.endswith(".yaml") and not place.startswith("templates/"):
            list(yaml.safe_load_all(content))


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_profile_gives_the_same_files(form: str) -> None:
    assert list(FORMATS[form](scaled()).items()) == list(FORMATS[form](scaled()).items())


def test_file_names_stay_from_release_to_release() -> None:
    later = harbour(release=8, values={"DEBUG": "False"}, attempt="9")
    assert list(plain.files(harbour())) == list(plain.files(later))


def test_argo_cd_migrates_after_configuration_and_before_what_runs() -> None:
    found = argocd.waved(render(harbour()))
    waves = {item["kind"]: int(item["metadata"]["annotations"][argocd.WAVE]) for item in found.objects}
    assert waves["ConfigMap"] < waves["Job"] < waves["Deployment"]
    assert found.migration
    assert found.migration["metadata"]["annotations"][argocd.HOOK] == "Sync"
    assert "ttlSecondsAfterFinished" not in found.migration["spec"]


def test_a_claim_that_waits_for_its_first_pod_holds_up_no_wave() -> None:
    def waves(profile: Profile) -> dict[str, int]:
        found = argocd.waved(render(profile)).objects
        return {item["kind"]: int(item["metadata"]["annotations"][argocd.WAVE]) for item in found}

    found = waves(scaled())
    assert found["PersistentVolumeClaim"] == found["Job"]
    found = waves(replace(scaled(), steps=()))
    assert found["PersistentVolumeClaim"] == found["Deployment"]


def test_a_chart_makes_its_claim_before_the_migration_that_needs_it_and_never_deletes_it() -> None:
    template = helm.files(scaled())["templates/persistentvolumeclaim.yaml"]
    assert "helm.sh/hook: pre-install,pre-upgrade" in template
    assert "helm.sh/hook-delete-policy: hook-failed" in template
    assert template.startswith('{{- if not (lookup "v1" "PersistentVolumeClaim" .Release.Namespace "harbour-files") }}')


def test_an_application_of_argo_cd_names_where_its_manifests_are() -> None:
    source = argocd.Source("https://git.example.com/deploy.git", "harbour/production", automated=True)
    item = argocd.application(harbour(), source)
    assert custom.problems(item) == ()
    assert item["spec"]["source"]["path"] == "harbour/production"
    assert item["spec"]["syncPolicy"]["automated"] == {"prune": False, "selfHeal": False}


def test_every_value_of_a_chart_is_used() -> None:
    files = helm.files(scaled())
    templates = "".join(content for name, content in files.items() if name.startswith("templates/"))
    for path in _leaves(yaml.safe_load(files["values.yaml"]), stop={"config", "resources", "command", "annotations", "labels"}):
        assert f".Values.{path}" in templates, path


@pytest.mark.slow
@needs_kubectl
@pytest.mark.parametrize("name", PROFILES)
def test_kustomize_builds_what_would_be_applied(name: str, tmp_path: Path) -> None:
    profile = PROFILES[name]()
    _write(kustomize.files(profile), tmp_path)
    overlay = tmp_path / "overlays" / profile.environment
    (overlay / "secrets.env").write_text("".join(f"{key}={value}\n" for key, value in profile.secrets.items()))
    built = _ran("kubectl", "kustomize", str(overlay))
    want = render(replace(profile, set="", live=None, share=0, replicas=None)).objects
    assert _plainly(built) == _plainly(want)


@pytest.mark.slow
@needs_helm
@pytest.mark.parametrize("name", PROFILES)
def test_a_chart_gives_what_would_be_applied_but_for_its_own_marks(name: str, tmp_path: Path) -> None:
    profile = PROFILES[name]()
    _write(helm.files(profile), tmp_path)
    subprocess.run(["helm", "lint", "--strict", str(tmp_path)], check=True, capture_output=True)
    built = _ran("helm", "template", "harbour", str(tmp_path), "--namespace", profile.namespace)
    found = {_key(item): item for item in built}
    rendered = render(replace(profile, set="", live=None, share=0, replicas=None, strategy="rolling"))
    for item in rendered.objects:
        if item["kind"] in {"Deployment", "Service", "Ingress", "HTTPRoute", "NetworkPolicy", "PrometheusRule", "ScaledObject"}:
            assert _unmarked(found[_key(item)]) == _unmarked(item), _key(item)


@pytest.mark.slow
@needs_helm
def test_a_charts_values_are_heard(tmp_path: Path) -> None:
    _write(helm.files(harbour()), tmp_path)
    told = f"""
        image.digest=sha256:{"9" * 64} image.pullSecrets[0].name=registry nodeSelector.disk=ssd
        config.DEBUG=false secrets.SECRET_KEY=s
        processes.web.replicas=7 processes.worker.resources.limits.memory=1Gi hosts={{a.example.com,b.example.com}}
        ingress.enabled=true ingress.tlsSecret=tls monitoring.enabled=true
    """.split()
    words = [word for one in told for word in ("--set", one)]
    built = _ran("helm", "template", "harbour", str(tmp_path), "--namespace", "shop", *words)
    found = {_key(item): item for item in built}
    web = found["Deployment", "harbour-web"]["spec"]
    spec = web["template"]["spec"]
    assert (web["replicas"], spec["nodeSelector"], spec["imagePullSecrets"]) == (7, {"disk": "ssd"}, [{"name": "registry"}])
    assert spec["containers"][0]["image"].endswith("9" * 64)
    assert found["ConfigMap", "harbour-config"]["data"]["DEBUG"] == "false"
    assert found["Secret", "harbour-secrets"]["stringData"] == {"SECRET_KEY": "s"}
    assert [rule["host"] for rule in found["Ingress", "harbour"]["spec"]["rules"]] == ["a.example.com", "b.example.com"]
    assert ("PrometheusRule", "harbour") in found
    assert [fact.message for fact in judge([item for item in built if "migrate" not in item["metadata"]["name"]])] == []


def _leaves(value: Any, path: str = "", *, stop: set[str]) -> list[str]:
    if not isinstance(value, dict) or not value or path.rpartition(".")[2] in stop:
        return [path]
    return [leaf for name, inner in value.items() for leaf in _leaves(inner, f"{path}.{name}".strip("."), stop=stop)]


def _write(files: dict[str, str], folder: Path) -> None:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)


def _ran(*argv: str) -> list[Json]:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [item for item in yaml.safe_load_all(done.stdout) if item]


def _key(item: Json) -> tuple[str, str]:
    return item["kind"], DIGESTED.sub(r"harbour-\1", item["metadata"]["name"])


def _plainly(items: Any) -> dict[tuple[str, str], Any]:
    """Objects by their names, without the digests that differ, lists of maps in any order; the namespace's labels left out."""
    found = {}
    for item in items:
        whole = json.loads(DIGESTED.sub(r"harbour-\1", json.dumps(item)))
        if item["kind"] == "Secret":  # Kustomize breaks the lines of what is long
            whole["data"] = {name: value.replace("\n", "") for name, value in item["data"].items()}
        if item["kind"] == "Namespace":
            whole["metadata"].pop("labels")
        found[_key(item)] = _sorted(whole)
    return found


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted((_sorted(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    return value


def _unmarked(item: Json) -> Json:
    """Without what a chart says in its own way: who manages it, and that its variables changed."""
    text = DIGESTED.sub(r"harbour-\1", json.dumps(item)).replace('"Helm"', '"timonel"')
    found: Json = json.loads(text)
    template = found.get("spec", {}).get("template", {}).get("metadata", {})
    for metadata in (found["metadata"], template):
        told = {name: value for name, value in metadata.pop("annotations", {}).items() if not name.startswith("checksum/")}
        if told and metadata is not template:
            metadata["annotations"] = told
    return found
