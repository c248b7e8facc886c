"""Preparing a release beside the live one: what moves nothing, the migration, and for a set its pods and a look at them."""

from __future__ import annotations

from workloads.drivers import Outcome
from workloads.drivers.kubernetes import checking, kept, parts, permitted, rows
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.making import CANARY
from workloads.drivers.kubernetes.migrating import migrate
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.sizes import full_size, share
from workloads.evidence import Evidence
from workloads.models import Instance
from workloads.verdicts import Verdict

MEND = "Read its output, mend the cause, deploy again."


def stage(errand: Errand, instance: Instance) -> Outcome:
    """Everything before the traffic. What fails here left the live release as it was."""
    made, label = kept.parts_of(instance), instance.release.label
    errand.say(f"Preparing {label} in {errand.target}")
    errand.put_all(permitted.ours(errand, made.foundation))
    seen: tuple[Evidence, ...] = ()
    if made.migration is not None:
        migrated = migrate(errand, made.migration)
        seen = migrated.evidence
        if not migrated.ok:
            return Outcome(Verdict.FAILED, f"The migration Job failed: {migrated.why}", False, instance.pk, migrated.cure, seen)
    if not made.set:
        return Outcome(Verdict.PASSED, f"{label} is prepared.", False, instance.pk, evidence=seen)
    return _set(errand, instance, made, seen)


def _set(errand: Errand, instance: Instance, made: Parts, seen: tuple[Evidence, ...]) -> Outcome:
    """The set beside the live one, behind its preview Service only."""
    label = instance.release.label
    if made.preview is not None:
        errand.pen.put(made.preview)
    for item in made.web:
        size = full_size(errand, made, item, instance.replaced)
        first = (
            share(size, errand.rollout.steps[0])[0]
            if made.strategy == CANARY and instance.replaced and errand.rollout.steps
            else size
        )
        errand.pen.put(parts.scaled(item, first), force=True)
    ready = errand.until_ready(made.web)
    if ready.seconds is None:
        text = f"{label} did not become ready: {ready.why}."
        return Outcome(Verdict.FAILED, text, False, instance.pk, ready.cure, (*seen, *ready.evidence))
    errand.say(f"Ready after {ready.seconds:.1f} s; looking at its pages")
    checked = checking.check(errand, instance, made, made.preview)
    errand.say(checked.summary, level="info" if checked.verdict is Verdict.PASSED else "warning")
    return Outcome(checked.verdict, checked.summary, False, instance.pk, checked.cure, (*seen, *checked.evidence))


def staged_already(instance: Instance) -> bool:
    """Whether the first call got past this."""
    return rows.phase_of(instance) not in {rows.STAGING}
