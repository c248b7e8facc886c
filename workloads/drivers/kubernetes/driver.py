"""The Kubernetes driver: keeps the protocol of drivers; what each step does is in the modules beside."""

from __future__ import annotations

from dataclasses import replace

from controlplane.core.errors import Conflict, LeaseLost, Refused, TimonelError
from workloads.drivers import Order, Outcome, Say
from workloads.drivers.kubernetes import foreseeing, kept, making, mending, parts, pruning, rolling, rows, sets, staging, watching
from workloads.drivers.kubernetes.errand import Errand, errand, informed
from workloads.drivers.kubernetes.making import CANARY
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.repairing import holding, trying, writing
from workloads.drivers.kubernetes.returning import Back, bring_back, settle, stop
from workloads.drivers.kubernetes.sets import Unsure
from workloads.drivers.kubernetes.waiting import Ready
from workloads.evidence import Evidence
from workloads.foreseen import Foreseen
from workloads.models import Environment, Former, Instance, Release
from workloads.repairs import Repair
from workloads.verdicts import Verdict

AGAIN = "Look at the cluster, then ask again."


def silent(text: str, *, kind: str = "note", level: str = "info") -> None:
    """Nobody listens."""


class KubernetesDriver:
    """Its state is in the cluster's own objects and in the Instance rows: whoever takes over goes on from there."""

    def foresee(self, environment: Environment, release: Release, *, returning: bool = False) -> Foreseen | None:
        """A dry run of each object against the live ones, and what would be removed."""
        made = making.made(environment, release, returning=returning)
        live = environment.active_instance
        now = kept.parts_of(live) if live else None
        return foreseeing.foresee(errand(environment, "foresee", silent), made, now, returning=returning)

    def stage(
        self,
        environment: Environment,
        release: Release,
        key: str,
        say: Say,
        *,
        returning: bool = False,
        shown: Foreseen | None = None,
    ) -> Outcome:
        """Configuration, the migration Job, and for blue-green and canary the new set beside the live one, looked at.

        What fails here is stopped again; the stable Service was never touched.
        """
        instance = Instance.objects.filter(key=key).select_related("release", "replaced__release").first()
        if instance is None:
            made = making.made(environment, release, returning=returning)
            instance = rows.begin(environment, release, key, made, shown)
        if rows.phase_of(instance) == rows.UNFIT:
            return self._unfit(environment, instance, instance.rollout.get("why", ""))
        if environment.active_instance_id == instance.pk or rows.phase_of(instance) not in {rows.STAGING, rows.STAGED}:
            return Outcome(Verdict.PASSED, f"{release} is staged already.", rows.phase_of(instance) == rows.SWITCHED, instance.pk)
        job = errand(environment, key, say).told(instance)
        rows.stands(instance, Instance.Status.STARTING)
        outcome = staging.stage(job, instance)
        if outcome.verdict is Verdict.FAILED:
            rows.note(environment, instance, rows.UNFIT, why=outcome.summary)
            return replace(self._unfit(environment, instance, outcome.summary), cure=outcome.cure, evidence=outcome.evidence)
        rows.note(environment, instance, rows.STAGED)
        return outcome

    def _unfit(self, environment: Environment, instance: Instance, why: str) -> Outcome:
        """It is stopped; whoever takes over after a crash does not try it once more."""
        self.retire(environment, instance)
        return Outcome(Verdict.FAILED, why, False, instance.pk, AGAIN)

    def switch(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """Give it the traffic by the strategy; what fails is taken back at once."""
        instance = _fresh(instance)
        job = errand(environment, key, say).told(instance)
        if rows.phase_of(instance) == rows.SWITCHED:
            return _has_it(instance)
        if rows.phase_of(instance) in {rows.FAILED, rows.RETURNED}:
            return _take_back(job, instance, instance.rollout.get("why", ""), "", ())
        return _carry_out(job, instance)

    def observe(self, environment: Environment, instance: Instance, seconds: float, say: Say) -> Outcome:
        """Watch it through its stable Service and at its pods."""
        say(f"Watching {instance.release.label} for {seconds:.0f} s")
        instance = _fresh(instance)
        return watching.observe(errand(environment, "observe", say).told(instance), instance, seconds)

    def complete(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """A canary that waits for a person's word goes on to all of the traffic."""
        instance = _fresh(instance)
        if rows.phase_of(instance) not in {rows.ASKING, rows.SWITCHING}:
            return _has_it(instance)
        return _carry_out(errand(environment, key, say).told(instance), instance, after=int(instance.rollout.get("step", -1)))

    def undo(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """What ran before gets the traffic again, at once where its pods still stand."""
        instance = _fresh(instance)
        former = instance.replaced
        if former is None or not kept.is_kept(former):
            return Outcome(Verdict.FAILED, "Nothing ran here before that could take over.", False, cure="Deploy a release.")
        job = errand(environment, key, say).told(instance).told(former)
        say(f"Giving the traffic back to {former.release.label}")
        ready = bring_back(job, Back(instance, former))
        if ready.seconds is None:
            text = f"{former.release.label} could not take over again: {ready.why}."
            return Outcome(Verdict.FAILED, text, False, cure=ready.cure, evidence=ready.evidence)
        rows.give_back(environment, instance, former)
        return Outcome(
            Verdict.PASSED, f"{former.release.label} has the traffic again after {ready.seconds:.1f} s.", True, former.pk
        )

    def drifted(self, environment: Environment) -> Foreseen | None:
        """What on the cluster is no longer as it was applied; None where nothing of ours runs."""
        live = environment.active_instance
        if live is None or not kept.is_kept(live):
            return None
        return mending.look(errand(environment, "drift", silent).told(live), kept.parts_of(live))

    def mend(self, environment: Environment, shown: Foreseen, key: str, say: Say) -> Outcome:
        """Make what was shown to have drifted as it was applied."""
        live = environment.active_instance
        if live is None:
            raise Conflict(f"Nothing runs in {environment}.", cure="Deploy a release.")
        return mending.mend(errand(environment, key, say).told(live), _fresh(live), shown)

    def foresee_repair(
        self, environment: Environment, repair: Repair, *, follows: bool = False, reviewed: bool = False
    ) -> Foreseen:
        """A dry run of the one object. Nothing is kept in a repository here."""
        if reviewed:
            raise Refused(f"What runs in {environment} is in no repository.", cure="Propose the repair itself.")
        return trying.foresee(informed(environment, "foresee", silent), repair, follows=follows)

    def repair(self, environment: Environment, order: Order, key: str, say: Say) -> Outcome:
        """Written once; whether that mended anything is looked at by `holds`."""
        done = writing.write(informed(environment, key, say), order)
        return Outcome(Verdict.NOT_EVALUATED, f"{order.repair.ref.title} was {done}.", True)

    def holds(self, environment: Environment, order: Order, seconds: float, say: Say) -> Outcome:
        """The invariant of the repair, on live objects."""
        return holding.until_it_holds(informed(environment, "holds", say), order.repair, seconds)

    def stands_again(self, environment: Environment, order: Order, former: Former, seconds: float, say: Say) -> Outcome:
        """The fields that the repair wrote, as they were."""
        return holding.until_it_stands_again(informed(environment, "holds", say), former, seconds)

    def retire(self, environment: Environment, instance: Instance) -> None:
        """Stop a set that never got traffic; what was changed in place is as it was again already."""
        instance = _fresh(instance)
        if environment.active_instance_id == instance.pk:
            return
        made = kept.parts_of(instance)
        job = errand(environment, f"{instance.key}-retire", silent).told(instance)
        live = kept.parts_of(environment.active_instance)
        stop(job, made, except_for=parts.titles(live.workloads))
        Instance.objects.filter(pk=instance.pk).update(wanted=Instance.Wanted.STOPPED, status=Instance.Status.STOPPED)


def _carry_out(job: Errand, instance: Instance, *, after: int = -1) -> Outcome:
    """The strategy, then what follows from how it went."""
    made = kept.parts_of(instance)
    try:
        ready = _strategy(job, instance, made, after)
    except Unsure as unsure:
        text = f"{instance.release.label} keeps a part of the traffic: {unsure.judged.summary}."
        return Outcome(Verdict.INCONCLUSIVE, text, True, instance.pk, "A person decides.", unsure.judged.evidence)
    except LeaseLost:
        raise
    except TimonelError as error:
        return _take_back(job, instance, error.message, error.cure, ())
    if ready.seconds is None:
        return _take_back(job, instance, ready.why, ready.cure, ready.evidence)
    return _finished(job, instance, made)


def _strategy(job: Errand, instance: Instance, made: Parts, after: int) -> Ready:
    if not made.set:
        return rolling.roll(job, instance, made)
    if made.strategy == CANARY:
        return sets.canary(job, instance, made, after=after)
    return sets.give_all(job, instance, made)


def _finished(job: Errand, instance: Instance, made: Parts) -> Outcome:
    """It has all the traffic: write that down, then remove what was shown to be removed."""
    rows.give(job.environment, instance, keep=job.rollout.keep)
    rows.stands(instance, Instance.Status.RUNNING)
    live = kept.parts_of(instance.replaced)
    pruning.prune(
        job, instance.rollout.get("shown", {}).get("removals", ()), except_for=parts.titles(made.objects) | _way_back(live, made)
    )
    pruning.remember(job, made)
    rows.note(job.environment, instance, rows.SWITCHED)
    return _has_it(instance)


def _way_back(live: Parts, made: Parts) -> set[str]:
    """The former set stays, where it is another one than this."""
    return parts.titles(live.web) | parts.titles(live.foundation) if made.set or live.set else parts.titles(live.foundation)


def _take_back(job: Errand, instance: Instance, why: str, cure: str, seen: tuple[Evidence, ...]) -> Outcome:
    """It failed: what ran before gets everything back, and only then is it said."""
    label = instance.release.label
    rows.note(job.environment, instance, rows.FAILED, why=why)
    job.say(f"{label} failed: {why}", level="error")
    former = instance.replaced
    told = job.told(former) if former is not None else job
    back = Back(instance, former)
    returning = replace(told, key=f"{job.key}-back")
    ready = bring_back(returning, back)
    if ready.seconds is None:
        settle(returning, back)
    rows.give_back(job.environment, instance, former)
    rows.note(job.environment, instance, rows.RETURNED, why=why)
    stands = _stands(former, ready)
    return Outcome(
        Verdict.FAILED, f"{label} did not come up: {why}. {stands}", False, instance.pk, cure or AGAIN, (*seen, *ready.evidence)
    )


def _stands(former: Instance | None, ready: Ready) -> str:
    if former is None:
        return "It was scaled to nothing; nothing ran here before."
    if ready.seconds is None:
        return f"{former.release.label} was applied again, but does not stand: {ready.why}."
    return f"{former.release.label} is as it was, after {ready.seconds:.1f} s."


def _has_it(instance: Instance) -> Outcome:
    kept = f"; {instance.replaced.release.label} is kept a while" if instance.replaced and instance.rollout.get("set") else ""
    return Outcome(Verdict.PASSED, f"{instance.release.label} has the traffic{kept}.", True, instance.pk)


def _fresh(instance: Instance) -> Instance:
    """With its manifests and how far it is, as they are now."""
    return Instance.objects.select_related("release", "environment", "replaced__release").get(pk=instance.pk)
