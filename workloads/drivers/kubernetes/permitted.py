"""The rights that a roll-out needs beyond those its dry run proves: asked beforehand, so that nothing is left half-done."""

from __future__ import annotations

from collections.abc import Iterable

from controlplane.core.errors import Refused
from workloads.adapters.kubernetes.kinds import Json, kind_named, kind_of
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.foreseen import Removal

CURE = "Grant them to the identity that writes (the cluster's page shows the Role), then ask again."


def demand(errand: Errand, made: Parts, *, there: bool) -> None:
    """Raise Refused, naming every right that is missing."""
    lacking = [name for name, asked in _needed(errand, made, there=there) if not _may(errand, *asked)]
    if lacking:
        raise Refused(
            f"Rights are missing in {errand.target}: {', '.join(lacking)}.",
            cure=CURE,
        )


def demand_removal(errand: Errand, removals: Iterable[Removal]) -> None:
    """Raise Refused where what is shown to be removed may not be."""
    kinds = {kind_named(removal.kind) for removal in removals}
    lacking = sorted(f"delete {kind.plural}" for kind in kinds if not _may(errand, "delete", kind.group, kind.plural, ""))
    if lacking:
        raise Refused(f"Rights are missing in {errand.target}: {', '.join(lacking)}.", cure=CURE)


def ours(errand: Errand, items: Iterable[Json]) -> list[Json]:
    """The objects without the namespace, where that was made by hand: then the identity has no right on it."""
    found = list(items)
    if any(item["kind"] == "Namespace" for item in found) and not _may(errand, "patch", "", "namespaces", ""):
        return [item for item in found if item["kind"] != "Namespace"]
    return found


def is_there(errand: Errand) -> bool:
    """Whether the namespace exists; where that may not be asked, somebody made it for us."""
    if not _may(errand, "get", "", "namespaces", ""):
        return True
    found = errand.patient.ask(lambda client: client.get(kind_named("Namespace"), errand.namespace))
    if found is None and not _may(errand, "patch", "", "namespaces", ""):
        raise Refused(f"The namespace {errand.namespace} does not exist, and may not be made.", cure="Make it, then ask again.")
    return found is not None


Asked = tuple[str, str, str, str]  # verb, group, resource, part


def _needed(errand: Errand, made: Parts, *, there: bool) -> list[tuple[str, Asked]]:
    needed: list[Asked] = [("list", "", "pods", ""), ("get", "", "pods", "log"), ("list", "", "events", "")]
    if made.web and made.service is not None and errand.rollout.checks == "http":
        needed.append(("get", "", "services", "proxy"))
    for kind in sorted({kind_of(item) for item in ours(errand, made.objects)}, key=lambda kind: kind.plural):
        verbs = ["get", "patch", *([] if there else ["create"]), *(["watch"] if kind.name in WATCHED else [])]
        verbs += [] if kind.name in NEVER_LISTED else ["list"]
        needed += [(verb, kind.group, kind.plural, "") for verb in verbs]
    if made.migration is not None:
        needed.append(("delete", "batch", "jobs", ""))
    return [
        (f"{verb} {'.'.join(part for part in (resource, group) if part)}{'/' + part if part else ''}", asked)
        for asked in needed
        for verb, group, resource, part in [asked]
    ]


WATCHED = frozenset({"Deployment", "StatefulSet"})
NEVER_LISTED = frozenset({"Namespace", "Job"})  # of the others, what a former release left is looked for


def _may(errand: Errand, verb: str, group: str, resource: str, part: str) -> bool:
    space = "" if resource == "namespaces" else errand.namespace
    return errand.patient.ask(lambda client: client.allowed(verb, group, resource, space, part=part))
