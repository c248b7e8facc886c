"""Pods: containers that may do little, spread over nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workloads.manifests import commands, marks, names, probes, storage
from workloads.manifests.choices import PRE_STOP, Choice, choices
from workloads.manifests.configuration import Names
from workloads.manifests.profile import Profile, Step

Json = dict[str, Any]
TMP = "tmp"
ORDER = (
    "name", "image", "imagePullPolicy", "command", "args", "workingDir", "ports", "envFrom", "env", "resources", "startupProbe",
    "readinessProbe", "livenessProbe", "lifecycle", "securityContext", "volumeMounts",
)  # fmt: skip


def template(profile: Profile, choice: Choice, given: Names) -> Json:
    """The pods of one process."""
    told = marks.running(profile)
    component = marks.component(choice.process.name)
    metadata: Json = {"labels": marks.labels(profile, component, of_set=component == "web")}
    if told:
        metadata["annotations"] = told
    spec = {
        **common(profile, given),
        "terminationGracePeriodSeconds": choice.termination,
        "topologySpreadConstraints": _spread(profile, choice),
        "containers": [container(profile, choice, given)],
        "volumes": volumes(profile),
    }
    return {"metadata": metadata, "spec": spec}


def common(profile: Profile, given: Names) -> Json:
    """What all pods have: an account without a token, no right to be root, where they may run."""
    options = profile.options
    found: Json = {
        "serviceAccountName": given.account,
        "automountServiceAccountToken": bool(options.account.rights),
        "enableServiceLinks": False,
        "securityContext": security(options.user),
    }
    chosen: Mapping[str, Any] = {
        "imagePullSecrets": [{"name": name} for name in options.pull_secrets],
        "nodeSelector": dict(options.scheduling.node_selector),
        "tolerations": [dict(one) for one in options.scheduling.tolerations],
        "priorityClassName": options.scheduling.priority_class,
    }
    return {**found, **{name: value for name, value in chosen.items() if value}}


def security(user: int | None) -> Json:
    """Of a pod: no root, the runtime's own filter of system calls."""
    found: Json = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    if user is not None:
        found |= {"runAsUser": user, "runAsGroup": user, "fsGroup": user, "fsGroupChangePolicy": "OnRootMismatch"}
    return found


def container(profile: Profile, choice: Choice, given: Names) -> Json:
    """The one container of a process."""
    found = _container(profile, marks.component(choice.process.name), given)
    found |= {
        words(profile): commands.adapted(choice.process, port=profile.options.port, grace=choice.grace),
        "resources": resources(choice.cpu, choice.memory, choice.cpu_limit),
    }
    if choice.web:
        found["ports"] = [{"name": "http", "containerPort": profile.options.port, "protocol": "TCP"}]
        found["lifecycle"] = {"preStop": {"sleep": {"seconds": PRE_STOP}}}
    return ordered({**found, **probes.probes(profile, choice)})


def step(profile: Profile, number: int, given: Names, one: Step) -> Json:
    """A container that runs one release step."""
    found = _container(profile, names.joined(f"step-{number}", one.name), given)
    found |= {
        words(profile): commands.with_port(one.argv, profile.options.port),
        "resources": _of_the_first(profile),
    }
    if one.folder:
        found["workingDir"] = f"{storage.home(profile).rstrip('/')}/{one.folder.strip('/')}"
    return ordered(found)


def _of_the_first(profile: Profile) -> Json:
    """A step loads the application as its processes do: it needs what the first of them is given."""
    first = choices(profile)[0]
    return resources(first.cpu, first.memory, first.cpu_limit)


def ordered(found: Json) -> Json:
    """A container's fields as a person reads them: what runs, with what, how it is asked, what it may not."""
    return {name: found[name] for name in ORDER if name in found}


def words(profile: Profile) -> str:
    """Under what a container's argument vector is given: in place of the image's entry point, or to it."""
    return "args" if profile.options.keep_entrypoint else "command"


def resources(cpu: str, memory: str, cpu_limit: str) -> Json:
    """Requests, and limits: memory always, CPU only where chosen."""
    limits = {"cpu": cpu_limit} if cpu_limit else {}
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {**limits, "memory": memory}}


def volumes(profile: Profile) -> list[Json]:
    """A folder for temporary files, and those that outlive a release."""
    return [{"name": TMP, "emptyDir": {"sizeLimit": "256Mi"}}, *storage.volumes(profile)]


def _container(profile: Profile, name: str, given: Names) -> Json:
    found: Json = {
        "name": name,
        "image": profile.image,
        "imagePullPolicy": "IfNotPresent",
        "envFrom": given.sources(),
        "env": [*_env(), *given.variables(profile)],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": TMP, "mountPath": "/tmp"}, *storage.mounts(profile)],  # noqa: S108
    }
    return {key: value for key, value in found.items() if value}


def _env() -> Sequence[Json]:
    """HOME is where a process may write."""
    return [{"name": "HOME", "value": "/tmp"}]  # noqa: S108


def _spread(profile: Profile, choice: Choice) -> list[Json]:
    """Over nodes and zones as well as it can be done; never a reason not to run."""
    selector = {"matchLabels": marks.likes(profile, marks.component(choice.process.name))}
    keys = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    shared = {
        "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": selector,
        "matchLabelKeys": ["pod-template-hash"],  # a rollout spreads the new pods, whatever the old ones do
    }
    return [{"topologyKey": key, **shared} for key in keys]
