"""The labels on everything, and the few of them by which pods are selected."""

from __future__ import annotations

from typing import Any

from workloads.manifests import names
from workloads.manifests.profile import Profile

Json = dict[str, Any]


def labels(profile: Profile, component: str = "", *, of_set: bool = False) -> dict[str, str]:
    """Who it belongs to, of which release it is, and of which set where it is one of several that stand side by side."""
    found = {
        **{key: names.value(value) for key, value in profile.options.labels.items()},
        **_owner(profile),
        "app.kubernetes.io/managed-by": names.MANAGER,
        "app.kubernetes.io/part-of": names.value(profile.application),
        "timonel.dev/environment": str(profile.environment_id),
        "timonel.dev/release": str(profile.release),
        "timonel.dev/set": profile.set if of_set else "",
    }
    if component:
        found["app.kubernetes.io/component"] = component
    if version := names.value(profile.label):
        found["app.kubernetes.io/version"] = version
    return dict(sorted(found.items()))


def selector(profile: Profile, component: str, only: str | None = None) -> dict[str, str]:
    """The labels that never change; with `only` the pods of that set alone."""
    found = {**_owner(profile), "app.kubernetes.io/component": component}
    return found if only is None else {**found, "timonel.dev/set": only}


def likes(profile: Profile, component: str) -> dict[str, str]:
    """The labels of a component's pods in whatever environment: enough inside of a namespace, which is one environment's."""
    return {"app.kubernetes.io/name": names.value(profile.application), "app.kubernetes.io/component": component}


def instance(profile: Profile) -> dict[str, str]:
    """The labels of every pod of this application in this environment."""
    return _owner(profile)


def metadata(profile: Profile, name: str, component: str = "", *, of_set: bool = False) -> Json:
    """An object's metadata: name, namespace, labels, annotations."""
    told = dict(profile.options.annotations)
    found: Json = {"name": name, "namespace": profile.namespace, "labels": labels(profile, component, of_set=of_set)}
    return {**found, "annotations": dict(sorted(told.items()))} if told else found


def component(process: str) -> str:
    """A process's name as a component's, and as its container's."""
    return names.joined(process, limit=names.LABEL)


def prefix(profile: Profile) -> str:
    """What every name begins with: the application's."""
    return names.dns(profile.application)


def named(profile: Profile, component: str, only: str | None = None) -> str:
    """The name of a component's workload: of this profile's set, unless `only` names another (empty: whatever the set)."""
    chosen = profile.set if only is None else only
    return names.joined(prefix(profile), component, chosen if component == "web" else "")


def running(profile: Profile) -> dict[str, str]:
    """Annotations of what runs: the commit it was made from."""
    return {"timonel.dev/commit": profile.commit} if profile.commit else {}


def _owner(profile: Profile) -> dict[str, str]:
    application = names.value(profile.application)
    return {
        "app.kubernetes.io/name": application,
        "app.kubernetes.io/instance": names.joined(profile.application, profile.environment, limit=names.LABEL),
    }
