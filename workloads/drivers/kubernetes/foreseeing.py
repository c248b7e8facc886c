"""What applying would change, found by asking the server to try it (a dry run of each object). Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from controlplane.core.errors import Refused
from controlplane.core.redaction import redact
from workloads.adapters.kubernetes.failures import Absent, Clash, Rejected
from workloads.adapters.kubernetes.kinds import Json, kind_named, kind_of
from workloads.drivers.kubernetes import differences, migrating, parts, permitted, pruning
from workloads.drivers.kubernetes.errand import Errand, secrets_in
from workloads.drivers.kubernetes.making import BLUE_GREEN, CANARY
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.pen import MANAGER, on_top_of, owned_by_others
from workloads.foreseen import Clash as Taken
from workloads.foreseen import Difference, Foreseen


def foresee(errand: Errand, made: Parts, live: Parts | None, *, returning: bool = False) -> Foreseen:
    """Each object that would be otherwise, what would be removed, and in which order. Raises Refused where a right is missing."""
    errand = replace(errand, secrets=errand.secrets | secrets_in(made) | (secrets_in(live) if live else frozenset()))
    there = permitted.is_there(errand)
    permitted.demand(errand, made, there=there)
    found = [differing(errand, item, live, there=there) for item in permitted.ours(errand, made.objects)]
    shown = tuple(one for one in found if one is not None)
    pruned = pruning.foresee(errand, made, live) if there and not returning else pruning.Pruned((), ())
    permitted.demand_removal(errand, pruned.removals)
    left = [
        f"{title} is kept although the release has it no more: it may hold data. Name it under rollout.prune to remove it."
        for title in pruned.kept
    ]
    return Foreseen(
        where=str(errand.target),
        strategy=made.strategy,
        set=made.set,
        steps=tuple(steps(errand, made, live)),
        differences=shown,
        removals=pruned.removals,
        same=len(found) - len(shown),
        notes=(*made.notes, *left, *(() if there else ("The namespace does not exist yet, so nothing in it could be tried.",))),
    )


def differing(errand: Errand, item: Json, live: Parts | None = None, *, there: bool = True) -> Difference | None:
    """How one object would differ; None where it is as wanted."""
    kind, name = item["kind"], item["metadata"]["name"]
    now = (
        errand.patient.ask(lambda client: client.get(kind_of(item), name, item["metadata"].get("namespace", ""))) if there else None
    )
    if now is None:
        if (there or kind == "Namespace") and not _waits_for_its_role(errand, item):
            _tried(errand, item)
        beside = _before(item, live)
        text = differences.diff(beside, item, item, seal)
        return difference(kind, name, "create", text, errand.secrets)
    if kind == "Job" and migrating.ended(now) == "Complete":
        return None
    then, taken = _tried(errand, on_top_of(item, now))
    if kind == "Job":
        return None
    text = differences.diff(now, then, item, seal)
    if not text and not taken:
        return None
    return replace(difference(kind, name, "change", text, errand.secrets), clashes=taken)


def steps(errand: Errand, made: Parts, live: Parts | None) -> Sequence[str]:
    """The order of doing, in sentences."""
    first = ["Configuration and whatever moves nothing is applied."]
    if made.migration is not None:
        first.append("The migration Job runs before any pod changes; if it fails, nothing else happens.")
    if made.strategy == BLUE_GREEN:
        first += [
            f"The set {made.set} comes up at full size beside what runs, and is looked at through its preview Service.",
            "The stable Service is switched to it; if it does not answer there, it is switched back.",
            f"What ran before is kept for {errand.rollout.keep:.0f} s, then scaled to nothing.",
        ]
    elif made.strategy == CANARY and live is not None and errand.rollout.steps:
        percent = ", ".join(f"{weight} %" for weight in errand.rollout.steps)
        first += [
            f"The set {made.set} gets {percent} of the traffic, {errand.rollout.interval:.0f} s each, and is judged at each step.",
            "A step that fails takes it all back; one that cannot tell asks a person. Then it gets all of it.",
            f"What ran before is kept for {errand.rollout.keep:.0f} s, then scaled to nothing.",
        ]
    else:
        first.append("The workloads are changed in place, and the cluster replaces their pods one after the other.")
    return [*first, f"What does not get on for {errand.rollout.patience:.0f} s has failed, and what ran before returns."]


def seal(value: str) -> str:
    """A secret's value as a preview shows it: whether it is the same, and nothing else."""
    return f"•••••• {parts.mark('secret', value)[:8]}"


def difference(kind: str, name: str, what: str, text: str, secrets: frozenset[str] = frozenset()) -> Difference:
    """One object with its diff, secrets masked, cut where it is too long to be read; the digest binds all of it."""
    short = text if len(text) <= differences.LONGEST else text[: differences.LONGEST].rpartition("\n")[0] + "\n... (cut)"
    return Difference(kind, name, what, redact(short, secrets), parts.mark("diff", text))


def _waits_for_its_role(errand: Errand, item: Json) -> bool:
    """A binding cannot be tried before its Role is there; trying the Role proves that the identity may give those rights."""
    if item["kind"] != "RoleBinding":
        return False
    name = item["roleRef"]["name"]
    return errand.patient.ask(lambda client: client.get(kind_named("Role"), name, errand.namespace)) is None


def _tried(errand: Errand, item: Json) -> tuple[Json, tuple[Taken, ...]]:
    """What the server would make of it, and whose fields that would take over."""
    try:
        return _try(errand, item), ()
    except Clash as clash:
        if not owned_by_others(clash):
            return _try(errand, item), ()  # it moved between the look and the try
        taken = tuple(Taken(manager, fields) for manager, fields in sorted(differences.clashes(clash.message)))
        return _try(errand, item, force=True), taken


def _try(errand: Errand, item: Json, *, force: bool = False) -> Json:
    title = parts.title(item)
    try:
        return errand.patient.ask(lambda client: client.apply(item, manager=MANAGER, dry_run=True, force=force))
    except Absent as error:
        if error.message.startswith(f'namespaces "{errand.namespace}"'):
            raise Refused(
                f"The namespace {errand.namespace} does not exist, as far as can be seen.",
                cure="Make it, or grant the right to get namespaces, and to create and patch them.",
            ) from error
        raise Refused(f"{title} cannot be applied: {error.message}", cure=error.cure or "Install what defines it first.") from error
    except Rejected as error:
        raise Refused(
            f"The cluster would refuse {title}: {error.message}", cure="Correct the target's options or patches."
        ) from error


def _before(item: Json, live: Parts | None) -> Json | None:
    """For a new set, or new variables, what they stand for today: so that a person sees what is new in them."""
    if live is None or item["kind"] not in {"Deployment", "ConfigMap", "Secret"}:
        return None
    component = (item["metadata"].get("labels") or {}).get("app.kubernetes.io/component")
    for other in live.objects:
        labels = other["metadata"].get("labels") or {}
        if other["kind"] == item["kind"] and labels.get("app.kubernetes.io/component") == component:
            return other
    return None
