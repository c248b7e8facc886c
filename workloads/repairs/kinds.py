"""Every kind of repair, and what each function of a repair comes to by its kind."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from controlplane.core.errors import Conflict, Invalid
from controlplane.core.redaction import MASK, redact
from workloads.repairs.effects import (
    claims,
    declared,
    images,
    nodes,
    pods,
    probes,
    quotas,
    resources,
    routes,
    services,
    templates,
    variables,
    workloads,
)
from workloads.repairs.kind import CLUSTER_WIDE, Kind, Right, rights
from workloads.repairs.putting import PUT_BACK, REMOVE_CREATED, put_back
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World

_FAMILIES = (workloads, resources, images, probes, services, variables, declared, quotas, nodes, pods, claims, templates, routes)
KINDS: Mapping[str, Kind[Any]] = {
    kind.name: kind for kind in (*(kind for family in _FAMILIES for kind in family.KINDS), PUT_BACK, REMOVE_CREATED)
}
LONGEST = 1000
_KEYS = {"kind", "ref", "parameters", "summary", "fault", "object"}


def read(told: Mapping[str, Any]) -> Repair:
    """What `Repair.as_json` wrote. Raises Invalid for anything that is not exactly a repair of a known kind."""
    ref, parameters = told.get("ref"), told.get("parameters")
    if (
        set(told) - _KEYS
        or not isinstance(ref, Mapping)
        or not isinstance(parameters, Mapping)
        or set(ref) - {"kind", "name", "namespace"}
    ):
        raise Invalid("A repair has a kind, a ref (kind, name, namespace) and parameters.")
    texts = [told.get("kind"), ref.get("kind"), ref.get("name"), ref.get("namespace", "")]
    texts += [told.get(name, "") for name in ("summary", "fault", "object")]
    if not all(isinstance(text, str) and len(text) <= LONGEST for text in texts):
        raise Invalid(f"What names a repair is text of at most {LONGEST} characters.")
    kind, of, name, namespace, summary, fault, about = map(str, texts)
    repair = Repair(kind, Ref(of, name, namespace), copy.deepcopy(dict(parameters)), redact(summary), fault, about)
    _checked(repair)
    return repair


def wanted(repair: Repair, live: Json | None) -> Json | None:
    """The whole object as it shall be; None: deleted. `live` is it now, None where it is not there.

    Raises Invalid for a repair that is none, Conflict where the object is not as the repair presumes. Both say so in words.
    """
    kind, parameters = _checked(repair)
    if kind.creates:
        if live is not None:
            raise Conflict(f"{repair.ref.title} is there already.", cure="Diagnose again.")
        return _unveiled({}, kind.change(repair.ref, parameters, {}))
    if live is None:
        raise Conflict(f"{repair.ref.title} is not there any more.", cure="Diagnose again.")
    if not repair.ref.of(live):
        raise Invalid(f"The object is not {repair.ref.title} that is to be repaired.")
    return _unveiled(live, kind.change(repair.ref, parameters, copy.deepcopy(live)))


def _unveiled(live: Json, made: Json | None) -> Json | None:
    """The object, where no veiled value would be written that is not there already."""
    if str(made).count(MASK) > str(live).count(MASK):
        raise Invalid("A veiled value is never written.", cure="Set it by hand, from where it is kept.")
    return made


def undone(repair: Repair, before: Json | None) -> Repair | None:
    """The repair that takes this one back, from the object as it was before; None where nothing does."""
    kind, parameters = _checked(repair)
    if not kind.reversible:
        return None
    if kind.undo is not None:
        return kind.undo(repair, parameters, before or {})
    return put_back(repair, before, wanted(repair, before))


def invariant(repair: Repair, world: Sequence[Json]) -> Held:
    """Whether what the fault broke holds in these live objects (those of the namespace, and the nodes)."""
    kind, parameters = _checked(repair)
    return kind.invariant(repair, parameters, World(world))


def reads(repair: Repair) -> tuple[str, ...]:
    """The kinds of objects that `invariant` looks at."""
    kind, _ = _checked(repair)
    return tuple(dict.fromkeys((repair.ref.kind, *kind.looks_at)))


def after(repair: Repair) -> tuple[Repair, ...]:
    """The repairs that must follow this one for it to have its effect, as pods that read a ConfigMap only when they start."""
    kind, parameters = _checked(repair)
    return kind.after(repair, parameters) if kind.after else ()


def needs(repair: Repair) -> tuple[Right, ...]:
    """The rights that this repair takes, in its place."""
    kind, _ = _checked(repair)
    return tuple(rights(kind, repair))


def _checked(repair: Repair) -> tuple[Kind[Any], Any]:
    kind = KINDS.get(repair.kind)
    if kind is None:
        raise Invalid(f"There is no repair '{repair.kind}'.", cure=f"Use one of: {', '.join(sorted(KINDS))}.")
    if not kind.writes(repair.ref.kind):
        raise Invalid(f"{kind.label} is no repair of a {repair.ref.kind}.", cure=f"It is one of: {', '.join(kind.on)}.")
    if not repair.ref.name or (repair.ref.kind in CLUSTER_WIDE) == bool(repair.ref.namespace):
        raise Invalid(f"{repair.ref.kind}/{repair.ref.name}: say its name, and its namespace where it has one.")
    return kind, kind.parameters(repair.parameters)
