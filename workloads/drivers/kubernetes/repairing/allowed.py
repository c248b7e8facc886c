"""The rights a repair takes: asked before anything is tried, and each missing one named."""

from __future__ import annotations

from controlplane.core.errors import Refused
from workloads import repairs
from workloads.adapters.kubernetes.kinds import Kind
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.repairing import looking
from workloads.repairs import Repair

CURE = (
    "Grant them to that identity: the cluster's page has the Roles; those for repairs of nodes, volumes, quotas and other "
    "workloads are a set of their own (`manage.py connect-cluster NAME --print-rights write --also repairs`)."
)


def demand(job: Errand, repair: Repair) -> None:
    """Raise Refused, naming what the identity that writes, or the one that reads, may not."""
    lacking, unread = unwritten(job, repair), _unread(job, repair)
    if lacking or unread:
        told = [f"the identity that writes may not {', '.join(lacking)}"] if lacking else []
        told += [f"the identity that reads may not {', '.join(unread)}"] if unread else []
        raise Refused(f"Rights are missing in {job.target}: {'; '.join(told)}.", cure=CURE)


def unwritten(job: Errand, repair: Repair) -> list[str]:
    """What the identity that writes may not, of what this repair takes."""
    kind = looking.kind_of(repair.ref.kind)
    writes = sorted({right.verb for right in repairs.needs(repair)} - {"get"})
    return [f"{verb} {_named(kind)}" for verb in writes if not _may(job, "write", verb, kind)]


def demand_sight(job: Errand, repair: Repair) -> None:
    """Raise Refused, naming what the identity that reads may not."""
    if unread := _unread(job, repair):
        raise Refused(f"Rights are missing in {job.target}: the identity that reads may not {', '.join(unread)}.", cure=CURE)


def _unread(job: Errand, repair: Repair) -> list[str]:
    kind = looking.kind_of(repair.ref.kind)
    looked_at = [looking.kind_of(name) for name in repairs.reads(repair)]
    unread = [f"list {_named(one)}" for one in looked_at if not _may(job, "read", "list", one)]
    return unread if _may(job, "read", "get", kind) else [f"get {_named(kind)}", *unread]


def _may(job: Errand, identity: str, verb: str, kind: Kind) -> bool:
    patient = job.patient if identity == "write" else looking.patient_for(job, kind.name)
    space = job.namespace if kind.namespaced else ""
    return patient.ask(lambda client: client.allowed(verb, kind.group, kind.plural, space))


def _named(kind: Kind) -> str:
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural
