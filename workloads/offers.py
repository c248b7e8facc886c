"""What mends the faults that a diagnosis found, as it can be proposed: repairs from its evidence, and the way back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from controlplane.core.errors import NotFound, TimonelError
from workloads import actions, previews, repairs, rollback
from workloads.adapters.snapshots import read_snapshot
from workloads.diagnosis.answers import Hypothesis, Proof, Source
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.cluster import View
from workloads.drivers.select import driver_of
from workloads.foreseen import Foreseen
from workloads.models import Deployment, Diagnosis, Environment, GitOpsRepository, Target
from workloads.repairs import KINDS, Repair
from workloads.snapshots import taking

ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Offer:
    """One remedy of the hypothesis with this index. `repair` is None for a roll back, which returns to `target`.

    `world` is what it would do to the cluster, where that was asked; `why_not` says why it cannot be proposed.
    """

    hypothesis: int
    key: str
    summary: str
    repair: Repair | None = None
    target: Deployment | None = None
    world: Foreseen | None = None
    why_not: str = ""

    @property
    def kind(self) -> str:
        """A kind of repair, or roll_back."""
        return self.repair.kind if self.repair else ROLL_BACK

    @property
    def label(self) -> str:
        """What it is, in words."""
        return KINDS[self.repair.kind].label if self.repair else "Roll back"

    @property
    def risk(self) -> str:
        """low, medium or high."""
        return KINDS[self.repair.kind].risk.value if self.repair else "low"

    @property
    def reversible(self) -> bool:
        """Whether it can be taken back."""
        return KINDS[self.repair.kind].reversible if self.repair else False


def offers(diagnosis: Diagnosis, *, foresee: bool = True) -> list[Offer]:
    """Every remedy of every hypothesis, best first. `foresee`: ask the cluster what each would do. None without its Snapshot."""
    environment = _environment(diagnosis)
    if environment is None or not diagnosis.hypotheses:
        return []
    view = _view(diagnosis)
    found: list[Offer] = []
    for index, told in enumerate(diagnosis.hypotheses):
        hypothesis = _hypothesis(told)
        if view is not None:
            found += [_offer(index, one) for one in repairs.offers(view, hypothesis)]
        found += _way_back(environment, index, diagnosis, hypothesis)
    return [_judged(environment, one, foresee=foresee) for one in found]


def reviewable(environment: Environment) -> bool:
    """Whether a pull request can be opened instead of a commit: a repository says what runs, and its forge is known."""
    rows = GitOpsRepository.objects.filter(target__environment=environment.pk, target__mode=Target.Mode.COMMIT)
    return rows.exclude(forge="").exclude(forge_repository="").exclude(token=None).exists()


def one(diagnosis: Diagnosis, key: str) -> Offer:
    """The offer of this key. Raises NotFound."""
    found = next((offer for offer in offers(diagnosis, foresee=False) if offer.key == key), None)
    if found is None:
        raise NotFound("This remedy is not offered (any more).", cure="Diagnose again.")
    return found


def _offer(index: int, repair: Repair) -> Offer:
    told = f"{index} {previews.canonical(repair.as_json())}"
    return Offer(index, hashlib.sha256(told.encode()).hexdigest()[:16], repair.summary, repair)


def _way_back(environment: Environment, index: int, diagnosis: Diagnosis, hypothesis: Hypothesis) -> Iterator[Offer]:
    """The last verified release, where the fault began after another one was deployed."""
    plan = rollback.plan(environment)
    if plan.current is None or plan.target is None:
        return
    began = _began(diagnosis, hypothesis)
    deployed = plan.current.started_at or plan.current.created_at
    if began < deployed.timestamp():
        return
    label = plan.target.release.label
    summary = f"Roll back to {label}: {plan.current.release.label} was deployed before this began"
    yield Offer(index, f"{ROLL_BACK}-{index}-{plan.target.pk}", summary, target=plan.target, why_not=plan.impossible_because)


def _began(diagnosis: Diagnosis, hypothesis: Hypothesis) -> float:
    """When the fault shows first: by its evidence, else by the incident, else when it was asked about."""
    told = [at for proof in hypothesis.evidence if (at := seconds(proof.at)) > 0]
    moment = diagnosis.incident.opened_at if diagnosis.incident else diagnosis.asked_at
    return min(told) if told else moment.timestamp()


def _judged(environment: Environment, offer: Offer, *, foresee: bool) -> Offer:
    if offer.repair is None or offer.why_not:
        return offer
    try:
        driver = actions.repairing(environment, driver_of(environment))
        return replace(offer, world=driver.foresee_repair(environment, offer.repair)) if foresee else offer
    except TimonelError as error:
        return replace(offer, why_not=f"{error.message} {error.cure}".strip())


def _environment(diagnosis: Diagnosis) -> Environment | None:
    related = "application", "active_instance__release"
    return Environment.objects.select_related(*related).filter(pk=diagnosis.environment_id or 0).first()


def _view(diagnosis: Diagnosis) -> View | None:
    if diagnosis.snapshot is None:
        return None
    try:
        return View(read_snapshot(taking.path_of(diagnosis.snapshot)))
    except TimonelError:  # pruned since
        return None


def _hypothesis(told: Mapping[str, Any]) -> Hypothesis:
    """As the row keeps it."""
    proofs = tuple(
        Proof(Source(one["source"]), str(one["where"]), str(one["text"]), str(one.get("at", "")))
        for one in told.get("evidence", [])
        if one.get("source") in set(Source)
    )
    return Hypothesis(
        fault=str(told["fault"]),
        object=str(told["object"]),
        namespace=str(told.get("namespace", "")),
        confidence=float(told["confidence"]),
        summary=str(told["summary"]),
        evidence=proofs,
        explains=frozenset(told.get("explains", [])),
    )
