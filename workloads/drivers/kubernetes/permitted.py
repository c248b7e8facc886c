"""The rights that a roll-out needs beyond those its dry run proves: asked beforehand, so that nothing is left half-done."""

from __future__ import annotations

from collections.abc import Iterable

from controlplane.core.errors import Refused
from workloads import cluster_rights
from workloads.adapters.kubernetes.kinds import Json, Kind, kind_named, kind_of
from workloads.drivers.kubernetes.asking import quietly
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.foreseen import Removal

Asked = tuple[str, str, str, str]  # verb, group, resource, part
CURE = "Grant them to the identity that writes (the cluster's page shows the Role), then ask again."


def demand(errand: Errand, made: Parts, *, there: bool) -> None:
    """Raise Refused, naming every right that is missing."""
    _demand(errand, _needed(errand, made, there=there))


def demand_removal(errand: Errand, removals: Iterable[Removal]) -> None:
    """Raise Refused where what is shown to be removed may not be."""
    kinds = sorted({kind_named(removal.kind) for removal in removals}, key=lambda kind: kind.plural)
    _demand(errand, [("delete", kind.group, kind.plural, "") for kind in kinds])


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


def _demand(errand: Errand, needed: Iterable[Asked]) -> None:
    """All at once first; what that does not tell is asked one by one."""
    rules = quietly(lambda: errand.patient.client.rules(errand.namespace)) or []
    lacking = [_told(*asked) for asked in needed if not _tells(rules, *asked) and not _may(errand, *asked)]
    if lacking:
        raise Refused(f"Rights are missing in {errand.target}: {', '.join(lacking)}.", cure=CURE)


def _tells(rules: list[Json], verb: str, group: str, resource: str, part: str) -> bool:
    named = f"{resource}/{part}" if part else resource
    return resource != "namespaces" and cluster_rights.covered(rules, verb, group, named)


def _told(verb: str, group: str, resource: str, part: str) -> str:
    """As kubectl names it: "get pods/log", "patch deployments.apps"."""
    return f"{verb} {resource}{'.' if group else ''}{group}{'/' if part else ''}{part}"


def _needed(errand: Errand, made: Parts, *, there: bool) -> list[Asked]:
    needed: list[Asked] = [("list", "", "pods", ""), ("get", "", "pods", "log"), ("list", "", "events", "")]
    if made.web and made.service is not None and errand.rollout.checks == "http":
        needed.append(("get", "", "services", "proxy"))
    for kind in sorted({kind_of(item) for item in ours(errand, made.objects)}, key=lambda kind: kind.plural):
        needed += [(verb, kind.group, kind.plural, "") for verb in _verbs(kind, there=there)]
    if made.migration is not None:
        needed.append(("delete", "batch", "jobs", ""))
    return needed


def _verbs(kind: Kind, *, there: bool) -> list[str]:
    """What is done with a kind; where the namespace is there already, the dry run proves what may be made."""
    made = ["create"] if not there or kind.name in NEVER_TRIED else []
    listed = [] if kind.name in NEVER_LISTED else ["list"]
    return ["get", "patch", *made, *listed, *(["watch"] if kind.name in WATCHED else [])]


WATCHED = frozenset({"Deployment", "StatefulSet"})
NEVER_TRIED = frozenset({"RoleBinding"})  # beside a Role that is new, a dry run proves nothing
NEVER_LISTED = frozenset({"Namespace", "Job"})  # of the others, what a former release left is looked for


def _may(errand: Errand, verb: str, group: str, resource: str, part: str) -> bool:
    space = "" if resource == "namespaces" else errand.namespace
    return errand.patient.ask(lambda client: client.allowed(verb, group, resource, space, part=part))
