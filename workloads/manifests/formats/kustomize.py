"""A Kustomize base that every environment shares, and an overlay for this one.

The base is the profile without anything of an environment; the overlay holds what only this environment has, and the strategic
merge patches that lead from the base to exactly what would be applied. Kustomize itself makes the ConfigMap's and the Secret's
names out of their content. Sets have no place here: they are steps of a roll-out, and a repository holds its outcome.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workloads.manifests import marks, names, text
from workloads.manifests.difference import difference
from workloads.manifests.formats import plain
from workloads.manifests.options import Options
from workloads.manifests.profile import Profile
from workloads.manifests.render import render
from workloads.manifests.rendered import Rendered, key

Json = dict[str, Any]
API = "kustomize.config.k8s.io/v1beta1"
IN_BASE = frozenset({"ServiceAccount", "Deployment", "Service", "NetworkPolicy"})
OF_AN_ENVIRONMENT = ("app.kubernetes.io/instance", "app.kubernetes.io/version", "timonel.dev/environment", "timonel.dev/release")
NOWHERE = "sha256:" + "0" * 64
SECRETS = "secrets.env"


def files(profile: Profile) -> dict[str, str]:
    """`base/` and `overlays/ENVIRONMENT/`."""
    profile = replace(profile, set="", live=None, share=0, replicas=None)
    whole = _renamed(render(profile), profile)
    base = {_place(item): item for item in _base(profile)}
    found = {f"base/{name}": content for name, content in _named(list(base.values())).items()}
    resources = sorted(name.removeprefix("base/") for name in found)
    found["base/kustomization.yaml"] = text.document({"apiVersion": API, "kind": "Kustomization", "resources": resources})
    overlay = f"overlays/{names.dns(profile.environment)}"
    found |= {f"{overlay}/{name}": content for name, content in _overlay(profile, whole, base).items()}
    return dict(sorted(found.items()))


def _overlay(profile: Profile, whole: Rendered, base: dict[str, Json]) -> dict[str, str]:
    own = [item for item in whole.objects if item["kind"] not in {"ConfigMap", "Secret"} and _place(item) not in base]
    found = _named(own)
    resources = sorted(found)
    patches = {}
    for item in whole.objects:
        if (before := base.get(_place(item))) is not None:
            patch = difference(_as_kustomize_gives(before, profile), _without_image(item, profile))
            if patch:
                patches[f"patch-{names.dns(item['kind'])}-{item['metadata']['name']}.yaml"] = _patch(item, patch)
    gone = {_place(item) for item in base.values()} - {_place(item) for item in whole.objects}
    deletions = [_deletion(base[place]) for place in sorted(gone)]
    kustomization = _kustomization(profile, whole, resources, sorted(patches), deletions)
    secrets = {f"{SECRETS}.example": _secrets(profile), ".gitignore": f"{SECRETS}\n"} if whole.secrets else {}
    return {**found, **patches, **secrets, "kustomization.yaml": text.document(kustomization)}


def _kustomization(profile: Profile, whole: Rendered, resources: list[str], patches: list[str], gone: list[Json]) -> Json:
    repository, _, digest = profile.image.partition("@")
    found: Json = {
        "apiVersion": API,
        "kind": "Kustomization",
        "namespace": profile.namespace,
        "resources": ["../../base", *resources],
        "labels": [{"pairs": _pairs(profile), "includeSelectors": False, "includeTemplates": True}],
        "images": [{"name": marks.prefix(profile), "newName": repository, "digest": digest}],
    }
    config = next(item for item in whole.objects if item["kind"] == "ConfigMap")
    options = {"immutable": True, "labels": _generated(config)}
    literals = [f"{name}={value}" for name, value in config["data"].items()]
    found["configMapGenerator"] = [{"name": whole.config, "literals": literals, "options": options}]
    if whole.secrets:
        found["secretGenerator"] = [{"name": whole.secret, "envs": [SECRETS], "options": options}]
    if patches or gone:
        found["patches"] = [*({"path": name} for name in patches), *({"patch": text.document(item)} for item in gone)]
    return {name: value for name, value in found.items() if value}


def _base(profile: Profile) -> list[Json]:
    """The profile as any environment has it: no values, no choices, no release."""
    neutral = replace(
        profile,
        environment="base",
        environment_id=0,
        tier="production",
        release=0,
        label="",
        commit="",
        values={},
        secrets={"": ""} if profile.secrets else {},
        references=(),
        peers=(),
        broker=None,
        options=Options(port=profile.options.port),
        patches=(),
        strategy="rolling",
        image=f"{marks.prefix(profile)}@{NOWHERE}",
        pages_host="",
        https=False,
    )
    rendered = _renamed(render(neutral), neutral)
    return [_stripped(item, neutral) for item in rendered.objects if item["kind"] in IN_BASE]


def _renamed(rendered: Rendered, profile: Profile) -> Rendered:
    """ConfigMap and Secret without their digests: Kustomize gives them its own."""
    plainly = {
        rendered.config: names.joined(marks.prefix(profile), "config"),
        **({rendered.secret: names.joined(marks.prefix(profile), "secrets")} if profile.options.secrets.kind == "made" else {}),
    }

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: walk(item) for name, item in value.items()}
        if isinstance(value, list):
            return [walk(item) for item in value]
        return plainly.get(value, value) if isinstance(value, str) and value else value

    return Rendered(
        foundation=walk(list(rendered.foundation)),
        migration=walk(rendered.migration),
        web=walk(list(rendered.web)),
        preview=None,
        service=walk(rendered.service),
        background=walk(list(rendered.background)),
        around=walk(list(rendered.around)),
        config=plainly[rendered.config],
        secret=plainly.get(rendered.secret, rendered.secret),
    )


def _stripped(item: Json, neutral: Profile) -> Json:
    """The object without namespace and the labels that an overlay gives; its image by the application's name alone."""
    metadata = {name: value for name, value in item["metadata"].items() if name != "namespace"}
    metadata["labels"] = _shared_labels(metadata["labels"])
    found = {**item, "metadata": metadata}
    if item["kind"] == "Deployment":
        found = _with_template(found, neutral.image, marks.prefix(neutral), drop=True)
    return found


def _with_template(item: Json, image: str, name: str, *, drop: bool) -> Json:
    template = item["spec"]["template"]
    metadata = {**template["metadata"], "labels": _shared_labels(template["metadata"]["labels"])} if drop else template["metadata"]
    containers = [{**one, "image": name} if one["image"] == image else one for one in template["spec"]["containers"]]
    spec = {**template["spec"], "containers": containers}
    return {**item, "spec": {**item["spec"], "template": {**template, "metadata": metadata, "spec": spec}}}


def _as_kustomize_gives(item: Json, profile: Profile) -> Json:
    """A base's object once namespace and labels of the overlay are in it: what patches need not repeat."""
    pairs = _pairs(profile)
    metadata = {**item["metadata"], "namespace": profile.namespace, "labels": {**item["metadata"]["labels"], **pairs}}
    found = {**item, "metadata": metadata}
    if item["kind"] == "Deployment":
        template = item["spec"]["template"]
        told = {**template["metadata"], "labels": {**template["metadata"]["labels"], **pairs}}
        found["spec"] = {**item["spec"], "template": {**template, "metadata": told}}
    return found


def _without_image(item: Json, profile: Profile) -> Json:
    return _with_template(item, profile.image, marks.prefix(profile), drop=False) if item["kind"] == "Deployment" else item


def _patch(item: Json, patch: Json) -> str:
    whole = {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": {"name": item["metadata"]["name"]}}
    more = patch.pop("metadata", {})
    return text.document({**whole, "metadata": {**whole["metadata"], **more}, **patch})


def _deletion(item: Json) -> Json:
    return {
        "apiVersion": item["apiVersion"],
        "kind": item["kind"],
        "metadata": {"name": item["metadata"]["name"]},
        "$patch": "delete",
    }


def _pairs(profile: Profile) -> dict[str, str]:
    labels = marks.labels(profile)
    return {name: labels[name] for name in OF_AN_ENVIRONMENT if name in labels}


def _generated(config: Json) -> dict[str, str]:
    return _shared_labels(config["metadata"]["labels"])


def _shared_labels(labels: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name not in OF_AN_ENVIRONMENT}


def _secrets(profile: Profile) -> str:
    head = f"# Copy this to {SECRETS} beside it, with real values; never commit that.\n"
    return head + "".join(f"{name}=<value>\n" for name in sorted(profile.secrets))


def _place(item: Json) -> str:
    _, kind, _, name = key(item)
    return f"{kind} {name}"


def _named(items: list[Json]) -> dict[str, str]:
    return {f"{names.dns(item['kind'])}-{_file(item)}.yaml": text.document(item) for item in items}


def _file(item: Json) -> str:
    called = str(item["metadata"]["name"])
    return called.rpartition("-")[0] if item["kind"] in plain.DIGESTED else called
