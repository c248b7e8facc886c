"""Services: the stable one, and one in front of a set that is looked at before it gets the traffic."""

from __future__ import annotations

from typing import Any

from workloads.manifests import marks, names
from workloads.manifests.choices import Choice
from workloads.manifests.profile import Profile

Json = dict[str, Any]
WEB = "web"


def stable(profile: Profile) -> Json:
    """The stable Service. Without weights, a canary shares it: its pods are selected whatever their set."""
    shared = profile.strategy == "canary" and not weighted(profile)
    selector = marks.selector(profile, WEB, None if shared else profile.stable)
    return _service(profile, name(profile), selector, fixed=True)


def preview(profile: Profile) -> Json | None:
    """The Service of this set alone; None where the profile has no sets."""
    if not profile.set:
        return None
    return _service(profile, preview_name(profile), marks.selector(profile, WEB, profile.set), fixed=False)


def name(profile: Profile) -> str:
    """The stable Service's name: the application's."""
    return names.joined(marks.prefix(profile))


def preview_name(profile: Profile) -> str:
    """The preview Service's name."""
    return names.joined(marks.prefix(profile), "preview")


def weighted(profile: Profile) -> bool:
    """Whether a Gateway divides the requests, rather than the number of replicas."""
    return profile.options.route.kind == "gateway"


def served(found: tuple[Choice, ...]) -> bool:
    """Whether there is anything to connect to."""
    return any(choice.web for choice in found)


def _service(profile: Profile, called: str, selector: dict[str, str], *, fixed: bool) -> Json:
    port: Json = {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}
    chosen = profile.options.service
    if fixed and chosen.node_port and chosen.type != "ClusterIP":
        port["nodePort"] = chosen.node_port
    spec = {"type": chosen.type if fixed else "ClusterIP", "selector": selector, "ports": [port]}
    metadata = marks.metadata(profile, called, WEB, of_set=not fixed)
    metadata["labels"]["timonel.dev/service"] = "stable" if fixed else "preview"
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
