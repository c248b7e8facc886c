"""What we made here that the release has no more: named beforehand, and only that removed, by its uid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workloads.adapters.kubernetes.failures import ApiFailure
from workloads.adapters.kubernetes.kinds import KNOWN, Json, Kind, kind_named, kind_of
from workloads.drivers.kubernetes import parts
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.foreseen import Removal
from workloads.models import Target

ALWAYS = ("Deployment", "StatefulSet", "Service", "ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim", "Ingress")
ALSO = ("NetworkPolicy", "HorizontalPodAutoscaler", "PodDisruptionBudget", "CronJob", "Role", "RoleBinding")
STATEFUL = frozenset({"PersistentVolumeClaim", "StatefulSet", "Namespace", "PersistentVolume"})
NEVER = frozenset({"Namespace", "Job", "Pod", "ReplicaSet"})  # a Job of ours goes by itself, a day after its end


@dataclass(frozen=True, slots=True)
class Pruned:
    """What would be removed, and what is left although the release has it no more."""

    removals: tuple[Removal, ...]
    kept: tuple[str, ...]


def foresee(errand: Errand, made: Parts, live: Parts | None) -> Pruned:
    """Look at everything that carries our label here, and at what the inventory knows."""
    keep = parts.titles(made.objects) | (parts.titles(live.objects) if live else set())
    found = [item for item in _ours(errand) if parts.title(item) not in keep]
    found += [item for item in _left(live, made) if parts.title(item) not in parts.titles(found)] if live else []
    removals, kept = [], []
    for item in sorted(_living(errand, found), key=parts.title):
        removal = _judged(item, errand.rollout.prune, made)
        if removal is None:
            kept.append(parts.title(item))
        else:
            removals.append(removal)
    return Pruned(tuple(removals), tuple(kept))


def prune(errand: Errand, removals: Iterable[Mapping[str, object]], *, except_for: set[str]) -> None:
    """Remove what was shown and approved, nothing else; and nothing that is in use now."""
    for told in removals:
        removal = Removal(**dict(told))  # type: ignore[arg-type]
        if removal.title not in except_for and errand.pen.remove(removal):
            errand.say(f"Removed {removal.title}: {removal.why}")


def remember(errand: Errand, made: Parts) -> None:
    """Write down what we have here, so that it is found again even where somebody takes our labels away."""
    known = {entry["title"]: entry for entry in errand.target.inventory}
    for item in made.objects:
        if item["kind"] not in NEVER:
            known[parts.title(item)] = {"title": parts.title(item), "api": item["apiVersion"], "kind": item["kind"]}
    Target.objects.filter(pk=errand.target.pk).update(inventory=sorted(known.values(), key=lambda entry: entry["title"]))


def _ours(errand: Errand) -> list[Json]:
    """Every object here with our label; and those of the inventory that lost it, while we still own fields of them."""
    labels = f"{parts.ENVIRONMENT}={errand.environment.pk}"
    found: dict[str, Json] = {}
    for kind in _kinds(errand):
        for item in _listed(errand, kind, labels):
            found[parts.title(item)] = item
    for entry in errand.target.inventory:
        if entry["title"] in found or (entry["api"], entry["kind"]) not in KNOWN:
            continue
        live = _get(errand, KNOWN[entry["api"], entry["kind"]], entry["title"].partition("/")[2])
        if live is not None and _owned(live):
            found[entry["title"]] = live
    return list(found.values())


def _left(live: Parts, made: Parts) -> list[Json]:
    """What runs now and the release has no more. Its own set and configuration stay: they are the way back."""
    lasting = parts.titles(made.objects)
    own = parts.titles([*live.web, *live.foundation]) | ({parts.title(live.preview)} if live.preview else set())
    return [item for item in live.lasting if parts.title(item) not in lasting | own]


def _judged(item: Json, named: tuple[str, ...], made: Parts) -> Removal | None:
    title, kind = parts.title(item), item["kind"]
    if kind in NEVER or item["metadata"].get("deletionTimestamp"):
        return None
    if kind in STATEFUL and title not in named:
        return None
    if kind == "Secret" and not _owned(item):
        return None
    own = _follows_releases(item)
    why = "a former release's" if own else "the release has it no more"
    return Removal(kind, item["metadata"]["name"], item["metadata"]["uid"], why, asks=not own)


def _follows_releases(item: Json) -> bool:
    """A former set and its scaler, or former variables: made anew with each release, kept in our records with all their content."""
    labels = item["metadata"].get("labels") or {}
    if item["kind"] in {"ConfigMap", "Secret"}:
        return bool(item.get("immutable"))
    return item["kind"] in {"Deployment", *parts.SCALERS} and bool(labels.get(parts.SET))


def _living(errand: Errand, found: list[Json]) -> list[Json]:
    """The live objects: rendered ones are looked up."""
    live = []
    for item in found:
        if item["metadata"].get("uid"):
            live.append(item)
            continue
        seen = _get(errand, kind_of(item), item["metadata"]["name"])
        live += [seen] if seen is not None else []
    return live


def _get(errand: Errand, kind: Kind, name: str) -> Json | None:
    return errand.patient.ask(lambda client: client.get(kind, name, errand.namespace))


def _kinds(errand: Errand) -> list[Kind]:
    known = {(entry["api"], entry["kind"]) for entry in errand.target.inventory}
    always = [kind_named(name) for name in (*ALWAYS, *ALSO)]
    return [*always, *(KNOWN[key] for key in sorted(known) if key in KNOWN and KNOWN[key] not in always)]


def _listed(errand: Errand, kind: Kind, labels: str) -> list[Json]:
    """What we may not list, or what the cluster does not know, is not ours to remove."""
    try:
        return errand.patient.client.listing(kind, errand.namespace, labels=labels).items
    except ApiFailure as failure:
        if failure.http in {403, 404}:
            return []
        return errand.patient.ask(lambda client: client.listing(kind, errand.namespace, labels=labels)).items


def _owned(item: Json) -> bool:
    return any(entry.get("manager") == "timonel" for entry in item["metadata"].get("managedFields") or [])
