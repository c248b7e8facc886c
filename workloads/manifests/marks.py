"""The labels on everything, and the few of them by which pods are selected."""

from __future__ import annotations

from typing import Any

from workloads.manifests import names
from workloads.manifests.profile import Profile

Json = dict[str, Any]


def labels(profile: Profile, component: str = "", *, release: bool = True) -> dict[str, str]:
    """Who it belongs to. `release=False` leaves out what changes with each release."""
    found = {
        **{key: names.value(value) for key, value in profile.options.labels.items()},
        **_owner(profile),
        "app.kubernetes.io/managed-by": names.MANAGER,
        "app.kubernetes.io/part-of": names.value(profile.application),
        "timonel.dev/environment": str(profile.environment_id),
        "timonel.dev/set": profile.set if component in {"", "web"} else "",
    }
    if component:
        found["app.kubernetes.io/component"] = component
    if release:
        found["timonel.dev/release"] = str(profile.release)
        if version := names.value(profile.label):
            found["app.kubernetes.io/version"] = version
    return dict(sorted(found.items()))


def selector(profile: Profile, component: str, only: str | None = None) -> dict[str, str]:
    """The labels that never change; with `only` the pods of that set alone."""
    found = {**_owner(profile), "app.kubernetes.io/component": component}
    return found if only is None else {**found, "timonel.dev/set": only}


def instance(profile: Profile) -> dict[str, str]:
    """The labels of every pod of this application in this environment."""
    return _owner(profile)


def metadata(profile: Profile, name: str, component: str = "") -> Json:
    """An object's metadata: name, namespace, labels, annotations."""
    told = {**dict(profile.options.annotations), **_annotations(profile)}
    found: Json = {"name": name, "namespace": profile.namespace, "labels": labels(profile, component)}
    return {**found, "annotations": dict(sorted(told.items()))} if told else found


def component(process: str) -> str:
    """A process's name as a component's, and as its container's."""
    return names.joined(process, limit=names.LABEL)


def prefix(profile: Profile) -> str:
    """What every name begins with: the application's."""
    return names.dns(profile.application)


def named(profile: Profile, component: str) -> str:
    """The name of a component's workload."""
    return names.joined(prefix(profile), component, profile.set if component == "web" else "")


def _owner(profile: Profile) -> dict[str, str]:
    application = names.value(profile.application)
    return {
        "app.kubernetes.io/name": application,
        "app.kubernetes.io/instance": names.joined(profile.application, profile.environment, limit=names.LABEL),
    }


def _annotations(profile: Profile) -> dict[str, str]:
    return {"timonel.dev/commit": profile.commit} if profile.commit else {}
