"""Looking for drift at a cluster, and mending it once a Change says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from controlplane.core.errors import Conflict
from workloads.adapters.kubernetes.kinds import Json, kind_of
from workloads.drivers import Outcome
from workloads.drivers.kubernetes import differences, drifting, foreseeing, kept, parts, permitted
from workloads.drivers.kubernetes.choices import drift_of
from workloads.drivers.kubernetes.drifting import Field
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.pen import MANAGER, on_top_of
from workloads.drivers.kubernetes.repairing import marks, standing
from workloads.drivers.kubernetes.repairing.standing import Repaired
from workloads.foreseen import Clash, Difference, Foreseen
from workloads.models import Instance
from workloads.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Drifted:
    """One object that is not as it was applied; `live` is None where it is gone. `repaired`: fields that a Change made so."""

    wanted: Json
    live: Json | None
    fields: tuple[Field, ...]
    repaired: tuple[tuple[Field, int], ...] = ()

    @property
    def meant(self) -> bool:
        """Whether all of it is what approved repairs made of it: then it is no drift."""
        return bool(self.fields) and len(self.repaired) == len(self.fields)


def look(errand: Errand, made: Parts) -> Foreseen:
    """Everything that drifted, with who did it, as mending it would change it back. Changes nothing.

    An object that approved repairs alone changed did not drift; where others did too, all of it is shown, since mending takes
    all of it back.
    """
    lasting = permitted.ours(errand, made.lasting)
    repaired = standing.of(errand.environment.pk)
    looked = [one for item in lasting if (one := drifted(errand, item, repaired.get(parts.title(item), ()))) is not None]
    found = [one for one in looked if not one.meant]
    return Foreseen(
        where=str(errand.target),
        strategy="restore",
        set=made.set,
        steps=("Each object shown becomes what was applied here; fields that others added go, fields they took are ours again.",),
        differences=tuple(_shown(one) for one in found),
        same=len(lasting) - len(found),
    )


def drifted(errand: Errand, item: Json, repaired: Sequence[Repaired] = ()) -> Drifted | None:
    """How one object differs from what was applied."""
    name, space = item["metadata"]["name"], item["metadata"].get("namespace", "")
    live = errand.patient.ask(lambda client: client.get(kind_of(item), name, space))
    if live is None:
        return Drifted(item, None, ())
    applied = errand.patient.ask(lambda client: client.apply(on_top_of(item, live), manager=MANAGER, dry_run=True, force=True))
    ignore = drift_of(errand.target.options).ignore
    changed = drifting.fields(live, applied, item, parts.title(item), ignore)
    return Drifted(item, live, tuple(changed), tuple(standing.explained(live, changed, repaired))) if changed else None


def mend(errand: Errand, instance: Instance, shown: Foreseen) -> Outcome:
    """Make what was shown, and only that, as it was applied. May be called again: what is mended already is left alone."""
    made = kept.parts_of(instance)
    names = {one.title for one in shown.differences}
    mended = []
    for item in made.lasting:
        if parts.title(item) in names and (one := drifted(errand, item)) is not None:
            errand.say(f"Restoring {parts.title(item)}")
            _mend(errand, one)
            mended.append(item)
    ready = errand.until_ready([item for item in mended if item["kind"] in parts.REPLICATED])
    if ready.seconds is None:
        text = f"What drifted was applied again, but does not stand: {ready.why}."
        return Outcome(Verdict.INCONCLUSIVE, text, True, instance.pk, ready.cure, ready.evidence)
    left = [one.title for one in look(errand, made).differences if one.title in names]
    if left:
        text = f"{', '.join(left)} drifted again at once: somebody keeps changing it."
        return Outcome(Verdict.FAILED, text, False, instance.pk, "Find who does (the diff names them), or ignore that field.")
    return Outcome(Verdict.PASSED, f"{len(names)} objects in {errand.target} are as they were applied.", True, instance.pk)


def _mend(errand: Errand, one: Drifted) -> None:
    errand.pen.put(one.wanted, force=True)
    beside = [field for field in one.fields if field.after is drifting.GONE]
    if one.live is None or not beside:
        return
    kind, at = kind_of(one.wanted), one.wanted["metadata"]

    def write() -> Json:
        live = errand.patient.ask(lambda client: client.get(kind, at["name"], at.get("namespace", "")))
        if live is None:
            raise Conflict(f"{parts.title(one.wanted)} was removed meanwhile.", cure="Look again.")
        still = [field for field in beside if drifting.at(live, field.path) is not drifting.GONE]
        return errand.pen.replace(drifting.restored(live, still)) if still else live

    errand.pen.persist(write, parts.title(one.wanted))  # a controller may write in between


def _shown(one: Drifted) -> Difference:
    kind, name = one.wanted["kind"], one.wanted["metadata"]["name"]
    if one.live is None:
        text = differences.diff(None, one.wanted, one.wanted, foreseeing.seal)
        return foreseeing.difference(kind, name, "create", text)
    text = differences.diff(one.live, drifting.restored(one.live, one.fields), one.wanted, foreseeing.seal)
    found = foreseeing.difference(kind, name, "change", text)
    return Difference(found.kind, found.name, found.what, found.diff, found.digest, tuple(_who(one, one.live)))


def _who(one: Drifted, live: Json) -> Iterator[Clash]:
    """Who changed which fields: approved Changes by their number, others as the cluster names them."""
    by_change: dict[int, list[str]] = {}
    for field, change in one.repaired:
        by_change.setdefault(change, []).append(field.name)
    for change, names in sorted(by_change.items()):
        yield Clash(f"change {change}", tuple(sorted(names)))
    left = [field for field in one.fields if field.name not in {name for names in by_change.values() for name in names}]
    if not left:
        return
    names_left = tuple(sorted(field.name for field in left))
    who = [found for found in drifting.by(live, left) if not found.manager.startswith(marks.PREFIX)]
    for found in who:
        yield Clash(f"{found.manager} ({found.at})", names_left)
    if not who:
        yield Clash("somebody", names_left)
