"""A workload's one container as it runs today: its command, variables and probes; and what our own would have otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from controlplane.core.errors import Invalid
from workloads.adopting.running import Json, Running, name_of

PATCHED = ("volumeMounts", "lifecycle")  # of a container: as they are, beside ours
OF_PODS = ("initContainers", "volumes", "hostAliases", "dnsConfig", "affinity")
SELF_MADE = ("kube-api-access-",)


def main(item: Json) -> Json:
    """The container that is the application: the only one, or the one called as its Deployment or web."""
    found: list[Json] = item["spec"]["template"]["spec"].get("containers") or []
    called = [one for one in found if one["name"] in {name_of(item), "web", "app", "django"}]
    return (called or found)[0]


def argv(item: Json, *, keep_entrypoint: bool) -> list[str]:
    """Its argument vector; with the image's own entry point kept only what is given to that."""
    container = main(item)
    if keep_entrypoint and not container.get("command"):
        return [str(word) for word in container.get("args") or []]
    return [str(word) for word in [*(container.get("command") or []), *(container.get("args") or [])]]


def port(item: Json) -> int | None:
    """Where it listens: the port called http, or the first."""
    found = main(item).get("ports") or []
    named = [one for one in found if one.get("name") in {"http", "web"}]
    return int((named or found)[0]["containerPort"]) if found else None


def health_path(item: Json) -> str:
    """Where its own probes ask."""
    for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
        asked = (main(item).get(probe) or {}).get("httpGet") or {}
        if asked.get("path"):
            return str(asked["path"])
    return ""


def values(running: Running, items: Sequence[Json], notes: list[str]) -> dict[str, str]:
    """Its plain variables: of ConfigMaps read whole, of single keys of them, and those written in the Deployments.

    Raises Invalid where two processes are told different things, or a ConfigMap is not there.
    """
    found: dict[str, str] = {}
    for item in items:
        for name, value in _values_of(running, item, notes).items():
            if found.setdefault(name, value) != value:
                raise Invalid(
                    f"{name} differs between the Deployments; a release tells all its processes the same.",
                    cure="Make it the same, or leave that Deployment out with --deployment.",
                )
    return found


def secrets(item: Json) -> list[str]:
    """The Secrets that are read whole."""
    return [str(one["secretRef"]["name"]) for one in main(item).get("envFrom") or [] if one.get("secretRef")]


def patch(item: Json, process: str, *, keep_entrypoint: bool) -> Json:
    """What a patch over our own pod says, so that it is as this one; empty where nothing differs."""
    spec, container = item["spec"]["template"]["spec"], main(item)
    ours: Json = {name: container[name] for name in PATCHED if container.get(name)}
    ours["volumeMounts"] = [one for one in ours.get("volumeMounts", []) if not str(one["name"]).startswith(SELF_MADE)]
    if keep_entrypoint and container.get("command"):
        ours |= {"command": list(container["command"]), "args": list(container.get("args") or []) or None}
    if env := [one for one in container.get("env") or [] if _elsewhere(one)]:
        ours["env"] = env
    ours |= _security(container)
    ours = {name: value for name, value in ours.items() if value or name in {"args"}}
    others = [one for one in spec.get("containers") or [] if one is not container]
    found: Json = {name: spec[name] for name in OF_PODS if spec.get(name)}
    found["volumes"] = [one for one in found.get("volumes", []) if not str(one["name"]).startswith(SELF_MADE)]
    if not _plain_user(item):
        found["securityContext"] = {**(spec.get("securityContext") or {}), "$patch": "replace"}
    named = {"name": process.replace("_", "-"), **ours}
    found["containers"] = [*([named] if ours else []), *others]
    return {name: value for name, value in found.items() if value}


def _values_of(running: Running, item: Json, notes: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in main(item).get("envFrom") or []:
        if reference := source.get("configMapRef"):
            data = _config(running, item, str(reference["name"]), optional=bool(reference.get("optional")))
            found |= {f"{source.get('prefix', '')}{name}": str(value) for name, value in data.items()}
            notes.append(f"The variables of ConfigMap {reference['name']} are copied; it stays as it is and is no longer read.")
    for one in main(item).get("env") or []:
        if (reference := (one.get("valueFrom") or {}).get("configMapKeyRef")) is not None:
            data = _config(running, item, str(reference["name"]), optional=bool(reference.get("optional")))
            found |= {one["name"]: str(data[reference["key"]])} if reference["key"] in data else {}
        elif not _elsewhere(one):
            found[str(one["name"])] = str(one.get("value") or "")
    return found


def _config(running: Running, item: Json, name: str, *, optional: bool) -> dict[str, Any]:
    known = running.named("ConfigMap", name)
    if known is None and not optional:
        raise Invalid(f"Deployment {name_of(item)} reads ConfigMap {name}, which is not there.", cure="Mend that first.")
    return dict((known or {}).get("data") or {})


def _elsewhere(variable: Json) -> bool:
    """Whether its value comes from a Secret or from the pod itself, or is put together in the pod."""
    source = variable.get("valueFrom") or {}
    return bool(source and "configMapKeyRef" not in source) or "$(" in str(variable.get("value") or "")


def _plain_user(item: Json) -> bool:
    """Whether it runs as a plain user by its own word: then our own rules hold."""
    told = {**(item["spec"]["template"]["spec"].get("securityContext") or {}), **(main(item).get("securityContext") or {})}
    return bool(told.get("runAsNonRoot") or told.get("runAsUser"))


def _security(container: Json) -> Json:
    """Ours are stricter: where today's pod may write to its own files, a stricter one might not start."""
    told = container.get("securityContext") or {}
    return {} if told.get("readOnlyRootFilesystem") else {"securityContext": {**told, "$patch": "replace"}}
