"""What a repair would change, found by asking the server to try it. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from controlplane.core.errors import Conflict, Refused
from controlplane.core.redaction import SECRET_NAME, redact
from workloads import repairs
from workloads.adapters.kubernetes.failures import Absent, Clash, Rejected
from workloads.adapters.kubernetes.kinds import Json
from workloads.drivers.kubernetes import differences, drifting, foreseeing, kept, parts
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.repairing import allowed, completing, lasting, looking
from workloads.foreseen import Difference, Foreseen, Removal, same_effect
from workloads.repairs import KINDS, Repair

STRATEGY = "repair"


@dataclass(frozen=True, slots=True)
class Tried:
    """A repair against the object as it is: what is wanted (None: nothing), what the server would make of it, and its words."""

    live: Json | None
    wanted: Json | None
    then: Json | None
    difference: Difference | None = None
    removal: Removal | None = None


def foresee(job: Errand, repair: Repair, *, follows: bool = False) -> Foreseen:
    """What would become otherwise. Raises Refused (a right, or the cluster would refuse), Conflict (it is not as presumed).

    `follows`: something else is done first, without which the cluster may refuse this one: then it is shown untried.
    """
    looking.demand_ours(job, repair.ref)
    allowed.demand(job, repair)
    repair = completing.completed(job, repair)
    found = tried(job, repair, looking.live(job, repair.ref), follows=follows)
    return Foreseen(
        where=str(job.target),
        strategy=STRATEGY,
        steps=_steps(repair),
        differences=(found.difference,) if found.difference else (),
        removals=(found.removal,) if found.removal else (),
        notes=_notes(job, repair, follows=follows),
    )


def tried(job: Errand, repair: Repair, live: Json | None, *, follows: bool = False) -> Tried:
    """One dry run. Raises Conflict where nothing would change."""
    wanted = repairs.wanted(repair, live)
    kind, name = repair.ref.kind, repair.ref.name
    if wanted is None:
        assert live is not None
        _try(job, repair, live, None)
        uid = str(live["metadata"].get("uid", ""))
        removal = Removal(kind, name, uid, KINDS[repair.kind].label, asks=False)
        return Tried(live, None, None, removal=removal)
    try:
        then = _try(job, repair, live, wanted)
    except Refused:
        if not follows:
            raise
        then = wanted
    after = then if live is not None else wanted
    text = _diff(job, live, after)
    if not text:
        raise Conflict(f"{repair.ref.title} is already as it would become.", cure="Diagnose again.")
    found = foreseeing.difference(kind, name, "create" if live is None else "change", text)
    return Tried(live, wanted, then, replace(found, digest=_digest(live, after)))


def _digest(live: Json | None, after: Json) -> str:
    """Binds what becomes otherwise, whole and unmasked; not what merely stands around it."""
    fields = drifting.between(live or {}, after)
    sides = [[one.name, *("" if side is drifting.GONE else [side] for side in (one.before, one.after))] for one in fields]
    return parts.mark("repair", sides)


def merge_patch(live: Any, wanted: Any) -> Json:
    """What makes the one of the other (RFC 7396): what is gone is None, lists are whole."""
    found: Json = {}
    for name in {**live, **wanted}:
        old, new = live.get(name), wanted.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            if inner := merge_patch(old, new):
                found[name] = inner
        elif name not in wanted:
            found[name] = None
        elif name not in live or old != new:
            found[name] = new
    return found


def _try(job: Errand, repair: Repair, live: Json | None, wanted: Json | None) -> Json:
    """What the server would make of it."""
    ref, kind = repair.ref, looking.kind_of(repair.ref.kind)

    def ask(client: Any) -> Json:
        if wanted is None:
            client.delete(kind, ref.name, ref.namespace, dry_run=True)
            return {}
        if live is None:
            return dict(client.create(wanted, dry_run=True))
        if KINDS[repair.kind].recreates:
            client.delete(kind, ref.name, ref.namespace, dry_run=True)
            return _created_anew(client, wanted)
        change = merge_patch(live, wanted)
        return dict(client.patch(kind, ref.name, ref.namespace, change, manager="timonel", dry_run=True))

    try:
        return job.patient.ask(ask)
    except Absent as error:
        raise Conflict(f"{ref.title} is not there any more.", cure="Diagnose again.") from error
    except Rejected as error:
        raise Refused(f"The cluster would refuse {ref.title}: {redact(error.message)}", cure="Choose another repair.") from error


def _created_anew(client: Any, wanted: Json) -> Json:
    """It stands, so the server's last word is that the name is taken: by then it has found the rest to be right."""
    try:
        return dict(client.create(wanted, dry_run=True))
    except Clash as error:
        if error.reason != "AlreadyExists":
            raise
        return wanted


def _diff(job: Errand, live: Json | None, then: Json) -> str:
    """As people read it, three lines around what differs. Of what is secret one sees only whether it is the same."""
    before, after = (_sealed(item) if item else None for item in (live, then))
    return redact(differences.diff(before, after, after or {}, foreseeing.seal), job.secrets)


def _sealed(item: Mapping[str, Any]) -> Json:
    """Values whose name says that they are secret, by a keyed digest; those of Secrets the diff itself seals."""
    found = {name: _walk(value, "") for name, value in item.items()}
    if item.get("kind") == "ConfigMap":
        found["data"] = _named(item.get("data") or {})
    metadata = dict(found.get("metadata") or {})
    if metadata.get("annotations"):
        metadata["annotations"] = _named(metadata["annotations"])
    return {**found, "metadata": metadata}


def _named(values: Mapping[str, Any]) -> Json:
    return {name: foreseeing.seal(str(value)) if SECRET_NAME.search(name) else value for name, value in values.items()}


def _walk(value: Any, within: str) -> Any:
    if isinstance(value, list):
        return [_walk(one, within) for one in value]
    if not isinstance(value, dict):
        return value
    if within == "env" and value.get("value") and SECRET_NAME.search(str(value.get("name", ""))):
        return {**value, "value": foreseeing.seal(str(value["value"]))}
    return {name: _walk(inner, name) for name, inner in value.items()}


def _steps(repair: Repair) -> tuple[str, ...]:
    """The order of doing, in sentences."""
    kind, title = KINDS[repair.kind], repair.ref.title
    if kind.recreates:
        first = f"{title} is deleted and made anew: a field of it cannot be changed in place."
    elif kind.creates:
        first = f"{title} is made as shown."
    else:
        first = f"{title} is written as shown, if it still is what it was when this was shown."
    return (
        first,
        "Then the cluster is looked at until what was broken holds, or its time is over.",
        way_back(repair),
    )


def way_back(repair: Repair) -> str:
    """Whether there is one, in a sentence."""
    if KINDS[repair.kind].reversible:
        return "It can be undone by a change of its own, from what was there before."
    return "It cannot be taken back by itself."


def _notes(job: Errand, repair: Repair, *, follows: bool) -> tuple[str, ...]:
    """What whoever approves should know: who else writes this object, and whom else it is about."""
    notes = ["It follows on the action before it, and is tried again once that is done."] if follows else []
    if not repair.ref.namespace:
        notes.append(f"{repair.ref.title} belongs to the whole cluster: other environments feel it too.")
    ours = parts.titles(kept.parts_of(job.environment.active_instance).lasting)
    if repair.ref.title in ours:
        notes.append(
            f"Timonel applied {repair.ref.title}: the next roll-out writes what the release says again. "
            f"{lasting.where(repair.kind)}"
        )
    return tuple(notes)


def same(found: Tried, shown: Foreseen) -> bool:
    """Whether it would do what was shown, and to the object that was shown."""
    differences_, removals = (found.difference,) if found.difference else (), (found.removal,) if found.removal else ()
    return same_effect(Foreseen(shown.where, differences=differences_, removals=removals), shown)


def rebased(repair: Repair, former: Json) -> Tried:
    """After a crash between removing and making anew: what is to be made, from the object as it was."""
    return replace(Tried(None, repairs.wanted(repair, former), None))
