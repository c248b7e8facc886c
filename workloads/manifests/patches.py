"""A person's strategic merge patches over what is generated.

The rules are those of Kubernetes: maps are merged, `null` removes a key, lists are replaced, but for those whose items have a key
of their own, which are merged item by item. `$patch: delete` and `$patch: replace` do as they say.
Source: https://github.com/kubernetes/community/blob/main/contributors/devel/sig-api-machinery/strategic-merge-patch.md
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from controlplane.core.errors import Invalid
from workloads.manifests.rendered import Rendered

Json = dict[str, Any]
# Lists that are merged: the field's name, and the keys that tell items apart (the first that all items have). As `x-kubernetes-
# patch-merge-key` says in the API; `ports` of a Service and of a container differ, tolerations are replaced whole.
KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("containerPort", "port"),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
    "secrets": ("name",),
    "conditions": ("type",),
}
PRIMITIVES = frozenset({"finalizers"})  # lists of texts that are joined
DIRECTIVE = "$patch"
CONTENT_NAMED = frozenset({"ConfigMap", "Secret"})
OWN = frozenset({"apiVersion", "kind", "name", "component", "patch"})


def patched(whole: Rendered, given: Sequence[Mapping[str, Any]]) -> Rendered:
    """Everything with the patches applied in their order.

    A patch is {"kind", "name" or "component", "patch"}, or a part of an object with `kind` and `metadata.name`. Without a name it
    meets every object of its kind. A name may leave out a set or a digest. Raises Invalid for a patch that meets nothing.
    """
    for number, patch in enumerate(given, 1):
        whole = _apply(whole, patch, number)
    return whole


def merged(old: Any, new: Any, field: str = "") -> Any:
    """The old value with the new one laid over it; `field` names the field that both are the value of."""
    if isinstance(old, dict) and isinstance(new, Mapping):
        return _merged_map(old, new)
    if isinstance(old, list) and isinstance(new, list | tuple):
        return _merged_list(old, list(new), field)
    return _without_directives(new)


def _merged_map(old: Json, new: Mapping[str, Any]) -> Json:
    directive = new.get(DIRECTIVE)
    rest = {name: value for name, value in new.items() if name != DIRECTIVE}
    if directive == "replace":
        return dict(_without_directives(rest))
    if directive == "delete":
        return {}
    found = dict(old)
    for name, value in rest.items():
        if value is None or _deletes(value):
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value, name)
    return found


def _merged_list(old: list[Any], new: list[Any], field: str) -> list[Any]:
    if any(isinstance(item, Mapping) and item.get(DIRECTIVE) == "replace" for item in new):
        return [_without_directives(item) for item in new if not (isinstance(item, Mapping) and set(item) == {DIRECTIVE})]
    if field in PRIMITIVES:
        return list(dict.fromkeys([*old, *new]))
    key = merge_key(field, [*old, *new])
    if not key:
        return [_without_directives(item) for item in new]
    found = {item[key]: item for item in old}
    for item in new:
        if item.get(DIRECTIVE) == "delete":
            _delete(found, item[key], field)
        else:
            found[item[key]] = merged(found.get(item[key]), item)
    return list(found.values())


def _delete(found: dict[Any, Any], name: Any, field: str) -> None:
    if name not in found:
        raise Invalid(
            f"A patch deletes '{name}' from {field}, where it is not.", cure="Look at the manifests as they are generated."
        )
    del found[name]


def merge_key(field: str, items: list[Any]) -> str:
    """The key by which items of this list are told apart; empty where the list is replaced whole."""
    for key in KEYS.get(field, ()):
        if all(isinstance(item, Mapping) and key in item for item in items):
            return key
    return ""


def _without_directives(value: Any) -> Any:
    """The value as it will be: directives and nulls say what to do, and are no content."""
    if isinstance(value, Mapping):
        return {name: _without_directives(item) for name, item in value.items() if name != DIRECTIVE and item is not None}
    if isinstance(value, list | tuple):
        return [_without_directives(item) for item in value]
    return value


def _deletes(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(DIRECTIVE) == "delete"


def _apply(whole: Rendered, patch: Mapping[str, Any], number: int) -> Rendered:
    if not isinstance(patch, Mapping) or not patch.get("kind"):
        raise Invalid(
            f"Patch {number} names no kind.", cure='Write it as {"kind": "Deployment", "component": "web", "patch": {...}}.'
        )
    if patch["kind"] in CONTENT_NAMED:
        raise Invalid(
            f"Patch {number} changes a {patch['kind']}, whose name is made from its content.",
            cure="Set the variable for the environment instead.",
        )
    met = [item for item in whole.objects if _meets(patch, item)]
    if not met:
        raise Invalid(f"Patch {number} meets nothing: {_spelled(patch)}.", cure=f"There are: {_names(whole, str(patch['kind']))}.")
    return _replaced(whole, met, _body(patch))


def _replaced(whole: Rendered, met: list[Json], body: Json) -> Rendered:
    """The rendering with each met object patched, or left out where the patch deletes it."""
    gone = body.get(DIRECTIVE) == "delete"

    def one(item: Json | None) -> Json | None:
        if item is None or not any(item is other for other in met):
            return item
        return None if gone else _kept(item, merged(copy.deepcopy(item), body))

    def several(items: tuple[Json, ...]) -> tuple[Json, ...]:
        return tuple(found for item in items if (found := one(item)) is not None)

    return replace(
        whole,
        foundation=several(whole.foundation),
        migration=one(whole.migration),
        web=several(whole.web),
        preview=one(whole.preview),
        service=one(whole.service),
        background=several(whole.background),
        around=several(whole.around),
    )


def _kept(old: Json, new: Json) -> Json:
    """What an object is called and selects must not change: the rest refers to it."""
    for path in (("metadata", "name"), ("metadata", "namespace"), ("spec", "selector")):
        before, after = old.get(path[0], {}).get(path[1]), new.get(path[0], {}).get(path[1])
        if before != after:
            raise Invalid(
                f"A patch changes {'.'.join(path)} of {old['kind']} {old['metadata']['name']}.", cure="Leave that out of the patch."
            )
    return new


def _meets(patch: Mapping[str, Any], item: Json) -> bool:
    if item["kind"] != patch["kind"] or patch.get("apiVersion", item["apiVersion"]) != item["apiVersion"]:
        return False
    labels, name = item["metadata"].get("labels", {}), _name(patch)
    if patch.get("component") and labels.get("app.kubernetes.io/component") != patch["component"]:
        return False
    called = str(item["metadata"]["name"])
    chosen = labels.get("timonel.dev/set", "")
    known = {called, called.removesuffix(f"-{chosen}") if chosen else called}
    if item["kind"] == "Job":  # the rest of its name is a digest
        known.add(called.rpartition("-")[0])
    return not name or name in known


def _name(patch: Mapping[str, Any]) -> str:
    return str(patch.get("name") or (patch.get("metadata") or {}).get("name") or "")


def _body(patch: Mapping[str, Any]) -> Json:
    if "patch" in patch:
        if not isinstance(patch["patch"], Mapping):
            raise Invalid("A patch's content is not a map.", cure='Write it as "patch": {"spec": {...}}.')
        return dict(patch["patch"])
    body = {name: value for name, value in patch.items() if name not in OWN}
    metadata = {name: value for name, value in (body.get("metadata") or {}).items() if name not in {"name", "namespace"}}
    return {**body, "metadata": metadata} if metadata else {name: value for name, value in body.items() if name != "metadata"}


def _spelled(patch: Mapping[str, Any]) -> str:
    return " ".join(word for word in (str(patch["kind"]), _name(patch), str(patch.get("component", ""))) if word)


def _names(whole: Rendered, kind: str) -> str:
    same = [str(item["metadata"]["name"]) for item in whole.objects if item["kind"] == kind]
    return f"{kind} {', '.join(same)}" if same else ", ".join(dict.fromkeys(str(item["kind"]) for item in whole.objects))
