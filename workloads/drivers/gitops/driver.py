"""The GitOps driver: keeps the protocol. What was committed is live once it is synced, healthy, and stands by our own look."""

from __future__ import annotations

from controlplane.core.errors import LeaseLost, TimonelError
from workloads import rendering
from workloads.adapters.commits import Made
from workloads.drivers import Order, Outcome, Say
from workloads.drivers.gitops import committing, files, foreseeing, repairing, reviewing, syncing
from workloads.drivers.gitops.committing import Home
from workloads.drivers.gitops.syncing import Sync, Synced
from workloads.drivers.kubernetes import checking, kept, making, migrating, rows, watching
from workloads.drivers.kubernetes.driver import silent
from workloads.drivers.kubernetes.errand import Errand, errand, informed
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.repairing import holding
from workloads.evidence import Evidence
from workloads.foreseen import Foreseen
from workloads.models import Environment, Former, GitOpsRepository, Instance, Release, Target
from workloads.repairs import Repair
from workloads.verdicts import Verdict

AGAIN = "Mend what it names, then deploy again."
COMMITTED = "committed"


class GitOpsDriver:
    """Its state is in the repository (commits found by their key), the cluster, and the Instance rows."""

    def foresee(self, environment: Environment, release: Release, *, returning: bool = False) -> Foreseen | None:
        """What the commit would change, file by file, and what Timonel applies beside it."""
        job = errand(environment, "foresee", silent)
        return foreseeing.foresee(job, committing.home_of(environment), _made(environment, release, returning=returning))

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
        """See that the syncing side is there, apply the Secrets beside, for Flux run the migrations. Nothing is committed yet."""
        instance = Instance.objects.filter(key=key).select_related("release", "replaced__release").first()
        if instance is None:
            instance = rows.begin(environment, release, key, _made(environment, release, returning=returning), shown)
        if environment.active_instance_id == instance.pk or rows.phase_of(instance) not in {rows.STAGING, rows.STAGED}:
            return Outcome(Verdict.PASSED, f"{release} is staged already.", rows.phase_of(instance) == rows.SWITCHED, instance.pk)
        job, home = errand(environment, key, say).told(instance), committing.home_of(environment)
        rows.stands(instance, Instance.Status.STARTING)
        foreseeing.demand(job, home)
        made = kept.parts_of(instance)
        job.put_all(files.beside(made))
        seen: tuple[Evidence, ...] = ()
        if made.migration is not None and home.row.engine == GitOpsRepository.Engine.FLUX:
            migrated = migrating.migrate(job, made.migration)
            seen = migrated.evidence
            if not migrated.ok:
                self.retire(environment, instance)
                text = f"The migration Job failed: {migrated.why}"
                return Outcome(Verdict.FAILED, text, False, instance.pk, migrated.cure, seen)
        rows.note(environment, instance, rows.STAGED)
        return Outcome(Verdict.PASSED, f"{instance.release.label} is ready to be committed.", False, instance.pk, evidence=seen)

    def switch(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """Commit, wait until it is synced and stands; what fails is taken back by a revert commit."""
        instance = _fresh(instance)
        job, home = errand(environment, key, say).told(instance), committing.home_of(environment)
        if rows.phase_of(instance) == rows.SWITCHED:
            return _has_it(instance)
        if rows.phase_of(instance) in {rows.FAILED, rows.RETURNED}:
            return _take_back(job, home, instance, Synced(False, str(instance.rollout.get("why", ""))))
        rows.note(environment, instance, rows.SWITCHING)
        try:
            made = _commit(job, home, instance)
        except LeaseLost:
            raise
        except reviewing.NotMerged as error:
            rows.note(environment, instance, rows.RETURNED, why=error.message)
            return Outcome(Verdict.FAILED, f"{error.message} Nothing was changed.", False, instance.pk, error.cure)
        return _until_it_stands(job, home, instance, made)

    def observe(self, environment: Environment, instance: Instance, seconds: float, say: Say) -> Outcome:
        """Watch it through its stable Service and at its pods, then look at the syncing side once more."""
        say(f"Watching {instance.release.label} for {seconds:.0f} s")
        instance = _fresh(instance)
        job, home = errand(environment, "observe", say).told(instance), committing.home_of(environment)
        found = watching.observe(job, instance, seconds)
        made = committing.made_of(instance)
        if made is None:
            return found
        now = Sync(job, home, made.tree, made.sha, ()).judge(syncing.read(job, home.row))
        evidence = (*found.evidence, syncing.shown(now))
        if now.good or found.verdict is Verdict.FAILED:
            return Outcome(found.verdict, found.summary, True, instance.pk, found.cure, evidence)
        verdict = Verdict.FAILED if now.state in {"degraded", "failed"} else Verdict.INCONCLUSIVE
        return Outcome(verdict, f"{instance.release.label} answers, but: {now.why}.", True, instance.pk, now.cure, evidence)

    def complete(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """It has all the traffic already: a repository knows no share."""
        return _has_it(_fresh(instance))

    def undo(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """Revert its commit and wait until what ran before stands again. Nothing is forced onto the cluster."""
        instance = _fresh(instance)
        former = instance.replaced
        if former is None or not kept.is_kept(former):
            return Outcome(Verdict.FAILED, "Nothing ran here before that could take over.", False, cure="Deploy a release.")
        job, home = errand(environment, key, say).told(instance).told(former), committing.home_of(environment)
        say(f"Reverting to {former.release.label}")
        back = _revert(job, home, instance)
        if not back.ok:
            text = f"{former.release.label} could not take over again: {back.why}."
            return Outcome(Verdict.FAILED, text, False, cure=back.cure, evidence=back.evidence)
        rows.give_back(environment, instance, former)
        return Outcome(
            Verdict.PASSED, f"{former.release.label} is live again, by a revert commit.", True, former.pk, evidence=back.evidence
        )

    def foresee_repair(
        self, environment: Environment, repair: Repair, *, follows: bool = False, reviewed: bool = False
    ) -> Foreseen:
        """The file that declares the object as it would become; of what none declares, a dry run on the cluster."""
        job, home = informed(environment, "foresee", silent), committing.home_of(environment)
        return repairing.foresee(job, home, repair, follows=follows, reviewed=reviewed)

    def repair(self, environment: Environment, order: Order, key: str, say: Say) -> Outcome:
        """Committed, or proposed to the forge; what came of it is looked at by `holds`."""
        return repairing.carry_out(informed(environment, key, say), committing.home_of(environment), order)

    def holds(self, environment: Environment, order: Order, seconds: float, say: Say) -> Outcome:
        """Once it is synced: the invariant of the repair, on live objects."""
        job, home = informed(environment, "holds", say), committing.home_of(environment)
        return repairing.watch(job, home, order, seconds, lambda left: holding.until_it_holds(job, order.repair, left))

    def stands_again(self, environment: Environment, order: Order, former: Former, seconds: float, say: Say) -> Outcome:
        """Once it is synced: the fields that the repair wrote, as they were."""
        job, home = informed(environment, "holds", say), committing.home_of(environment)
        return repairing.watch(job, home, order, seconds, lambda left: holding.until_it_stands_again(job, former, left))

    def retire(self, environment: Environment, instance: Instance) -> None:
        """What never got traffic was reverted already, if it was committed at all."""
        if environment.active_instance_id != instance.pk:
            Instance.objects.filter(pk=instance.pk).update(wanted=Instance.Wanted.STOPPED, status=Instance.Status.STOPPED)


def _made(environment: Environment, release: Release, *, returning: bool) -> Parts:
    """The objects of a release; of one that returns, as they were."""
    return making.returned(environment, release) if returning else files.of_release(rendering.render(environment, release, set=""))


def _commit(job: Errand, home: Home, instance: Instance) -> Made:
    """The commit on the branch that is synced: pushed, or merged by a person. Found again after a crash."""
    planned = committing.planned(instance, job.key, home)
    if home.row.target.mode == Target.Mode.PULL_REQUEST:
        made = reviewing.through_a_pull_request(job, home, planned)
    else:
        made = home.repository.commit(planned, committing.deadline())
    job.say(f"{'Found' if made.found else 'Committed'} {made.sha[:12]} in {home.row.repository}, {home.row.branch}")
    rows.note(job.environment, instance, rows.SWITCHING, commit=made.sha, tree=made.tree)
    return made


def _until_it_stands(job: Errand, home: Home, instance: Instance, made: Made) -> Outcome:
    """Synced and healthy is their word; ready pods and answering pages are ours."""
    objects = kept.parts_of(instance)
    try:
        found = Sync(job, home, made.tree, made.sha, objects.workloads).run()
        if found.ok and objects.service is not None:
            found = _looked_at(job, instance, objects, found)
    except LeaseLost:
        raise
    except TimonelError as error:
        found = Synced(False, error.message, error.cure)
    if not found.ok:
        return _take_back(job, home, instance, found)
    rows.give(job.environment, instance, keep=None)
    if instance.replaced_id and instance.replaced_id != instance.pk:  # the syncing side took it away already
        Instance.objects.filter(pk=instance.replaced_id).update(wanted=Instance.Wanted.STOPPED, status=Instance.Status.STOPPED)
    rows.stands(instance, Instance.Status.RUNNING)
    rows.note(job.environment, instance, rows.SWITCHED)
    outcome = _has_it(instance)
    notes = " ".join(found.standing.notes) if found.standing else ""
    return Outcome(outcome.verdict, f"{outcome.summary} {notes}".strip(), True, instance.pk, evidence=found.evidence)


def _looked_at(job: Errand, instance: Instance, objects: Parts, found: Synced) -> Synced:
    checked = checking.check(job, instance, objects, objects.service)
    seen = (*found.evidence, *checked.evidence)
    if checked.verdict is Verdict.FAILED:
        return Synced(False, f"Synced and Healthy, but {checked.summary}", checked.cure, found.standing, seen)
    return Synced(True, found.why, "", found.standing, seen)


def _take_back(job: Errand, home: Home, instance: Instance, failed: Synced) -> Outcome:
    """It failed: the repository says again what ran before, and only then is it said."""
    label, former = instance.release.label, instance.replaced
    rows.note(job.environment, instance, rows.FAILED, why=failed.why)
    job.say(f"{label} failed: {failed.why}", level="error")
    back = _revert(job, home, instance)
    rows.give_back(job.environment, instance, former)
    rows.note(job.environment, instance, rows.RETURNED, why=failed.why)
    if former is None:
        stands = "It was reverted, and stands still; nothing ran here before."
    elif back.ok:
        stands = f"It was reverted; {former.release.label} is as it was."
    else:
        stands = f"It was reverted in the repository, but that is not synced ({back.why}): look at what runs now."
    return Outcome(
        Verdict.FAILED, f"{label} failed: {failed.why}. {stands}", False, instance.pk, failed.cure or AGAIN, failed.evidence
    )


def _revert(job: Errand, home: Home, instance: Instance) -> Synced:
    """A revert commit, then the same wait for what ran before. Nothing is committed where nothing was."""
    former = instance.replaced
    key = f"{job.key}-revert"
    back = kept.parts_of(former) if former else files.scaled_to_nothing(kept.parts_of(instance))
    try:
        if committing.made_of(instance) is None and home.repository.find(instance.key) is None:
            return Synced(True, "Nothing was committed")
        made = home.repository.commit(committing.reverting(instance, key, home, instance.created_at), committing.deadline())
        job.say(f"Reverted by {made.sha[:12]}", level="warning")
        job.put_all(files.beside(back))
        return Sync(job, home, made.tree, made.sha, back.workloads, overtaking=True).run()
    except LeaseLost:
        raise
    except TimonelError as error:
        return Synced(False, error.message, error.cure)


def _has_it(instance: Instance) -> Outcome:
    commit = str(instance.rollout.get("commit", ""))[:12]
    return Outcome(Verdict.PASSED, f"{instance.release.label} is live: commit {commit} is synced and healthy.", True, instance.pk)


def _fresh(instance: Instance) -> Instance:
    return Instance.objects.select_related("release", "environment__application", "replaced__release").get(pk=instance.pk)
