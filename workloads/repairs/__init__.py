"""Repairs: what mends a fault, as plain values. Pure: no Django, no I/O, no clock.

A `Repair` is one write to one Kubernetes object, of a known kind, with typed parameters and what it expects to find there.
`offers` computes repairs from the evidence of a Snapshot; `wanted` gives the whole object as it should become, or refuses;
`carried_over` the same change in a file that declares the object; `undone` the way back; `invariant` whether what the fault
broke holds again; `after` what must follow. `kinds` lists every kind, `effects` has one file a family of them, `offering` one
file a family of faults. May import `workloads.diagnosis` (the view of the evidence). On purpose absent: clusters, rows,
approvals: a repair becomes an Action of a Change elsewhere.
"""

from workloads.repairs.copies import carried_over
from workloads.repairs.kind import Kind, Right, Risk
from workloads.repairs.kinds import KINDS, after, invariant, needs, read, reads, undone, wanted
from workloads.repairs.offering.everything import offers
from workloads.repairs.values import Held, Json, Ref, Repair

__all__ = [
    "KINDS",
    "Held",
    "Json",
    "Kind",
    "Ref",
    "Repair",
    "Right",
    "Risk",
    "after",
    "carried_over",
    "invariant",
    "needs",
    "offers",
    "read",
    "reads",
    "undone",
    "wanted",
]
