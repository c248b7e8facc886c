"""The process driver: a release as real processes on this machine, blue-green behind a stable address."""

from __future__ import annotations

from pathlib import Path

from controlplane.core.errors import Conflict
from controlplane.core.redaction import redact
from workloads import rollout
from workloads.adapters import probes
from workloads.adapters.probes import Target
from workloads.drivers import Outcome, Say, checks, looking, staging, switching, waiting, watching
from workloads.drivers.checks import Checked
from workloads.evidence import Evidence
from workloads.foreseen import Foreseen
from workloads.host import logs, place, ports
from workloads.models import Environment, Instance, Release
from workloads.verdicts import Verdict

CHECK_SECONDS = 60.0


class ProcessDriver:
    """Writes what is wanted; the host does it. Every effect is found again by its key."""

    def foresee(self, environment: Environment, release: Release, *, returning: bool = False) -> Foreseen | None:
        """Nothing: on this machine the rows say it all."""
        return None

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
        """Prepare the release beside the live one: folder, database, migrations, release steps, start, preview checks.

        What fails here is stopped again; what is inconclusive waits beside. The stable address was never touched.
        """
        instance = Instance.objects.filter(key=key).first()
        if instance is not None and environment.active_instance_id == instance.pk:
            return Outcome(Verdict.PASSED, f"{release} is live already.", switched=True, instance_id=instance.pk)
        evidence: tuple[Evidence, ...] = ()
        if instance is None:
            prepared = _prepare(environment, release, key, say)
            if isinstance(prepared, Outcome):
                return prepared
            instance, evidence = prepared
        switching.want(instance)
        outcome = _start_and_check(environment, instance, evidence, say)
        if outcome.verdict is Verdict.FAILED:
            self.retire(environment, instance)
        return outcome

    def switch(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """Send the stable address to this instance; the former one is kept 30 s for an instant way back."""
        former = switching.give_address(environment, instance, keep_former=True)
        say(f"The stable address leads to {instance.release.label} now")
        if not switching.confirm(environment, instance):
            return _unconfirmed(environment, instance)
        kept = f"; {former.release.label} is kept for {rollout.KEEP_OLD_SECONDS:.0f} s" if former else ""
        text = f"http://{place.stable_host(environment)}/ leads to {instance.release.label}{kept}."
        return Outcome(Verdict.PASSED, text, switched=True, instance_id=instance.pk)

    def observe(self, environment: Environment, instance: Instance, seconds: float, say: Say) -> Outcome:
        """Watch the switched instance through its stable address: probes, process metrics, logs."""
        say(f"Watching {instance.release.label} for {seconds:.0f} s")
        window = watching.watch(environment, instance, seconds, say)
        metrics, evidence = watching.measure(environment, instance, window)
        judgement = rollout.judge(metrics)
        summary = _sentence(instance.release, judgement)
        table = watching.judged_evidence(judgement)
        return Outcome(judgement.verdict, summary, switched=True, instance_id=instance.pk, evidence=(table, *evidence))

    def complete(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """It has all the traffic from the switch on."""
        return Outcome(Verdict.PASSED, f"{instance.release.label} has the traffic.", switched=True, instance_id=instance.pk)

    def undo(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        """Send the stable address back to the instance before, where it still runs or can be started, and stop this one."""
        former = Instance.objects.select_related("replaced__release").get(pk=instance.pk).replaced
        if former is None or not Path(former.folder).is_dir():
            return Outcome(
                Verdict.FAILED, "Nothing ran here before that could take over.", switched=False, cure="Deploy a release."
            )
        live = Environment.objects.get(pk=environment.pk).active_instance_id
        if live not in {instance.pk, former.pk}:
            raise Conflict(f"{environment} has moved on to another release.", cure="Look at what runs now.")
        if live == instance.pk:
            switching.want(former)
            ready = waiting.until_ready(former)
            if ready.seconds is None:
                text = f"{former.release.label} could not take over again: {ready.why}."
                return Outcome(Verdict.FAILED, text, switched=False, evidence=_logs(environment, former))
            switching.give_address(environment, former, keep_former=False)
        if not switching.confirm(environment, former):
            return _unconfirmed(environment, former)
        say(f"The stable address leads back to {former.release.label}")
        text = f"http://{place.stable_host(environment)}/ leads to {former.release.label} again."
        return Outcome(Verdict.PASSED, text, switched=True, instance_id=former.pk)

    def retire(self, environment: Environment, instance: Instance) -> None:
        """Stop an instance that never got traffic."""
        live = Environment.objects.filter(active_instance=instance.pk).values("active_instance")
        Instance.objects.filter(pk=instance.pk).exclude(pk__in=live).update(wanted=Instance.Wanted.STOPPED)


def _prepare(environment: Environment, release: Release, key: str, say: Say) -> tuple[Instance, tuple[Evidence, ...]] | Outcome:
    """The instance's row, once its folder is ready and its release steps have run; or why not."""
    say(f"Preparing {release.label} in a folder of its own")
    if staging.ensure_database(environment, release):
        say("The environment's own database is there")
    folder = staging.running_copy(environment, release, key)
    port = ports.free_port()
    results = staging.run_steps(environment, release, folder, port, say)
    evidence = tuple(result.evidence for result in results)
    for failed in staging.failures(results):
        text, cure = f"The release step {failed.name} failed: {failed.why}.", "Read its output, mend the cause, deploy again."
        return Outcome(Verdict.FAILED, text, switched=False, cure=cure, evidence=evidence)
    values = {"environment": environment, "release": release, "folder": str(folder), "port": port}
    return Instance.objects.get_or_create(key=key, defaults=values)[0], evidence


def _start_and_check(environment: Environment, instance: Instance, before: tuple[Evidence, ...], say: Say) -> Outcome:
    say(f"Starting {instance.release.label} beside what is live")
    ready = waiting.until_ready(instance)
    if ready.seconds is None:
        text, cure = f"{instance.release.label} did not become ready: {ready.why}.", "Read the log of its web process."
        evidence = (*before, *_logs(environment, instance))
        return Outcome(Verdict.FAILED, text, switched=False, instance_id=instance.pk, cure=cure, evidence=evidence)
    say(f"Ready after {ready.seconds:.1f} s; looking at its pages")
    checked = preview(environment, Instance.objects.get(pk=instance.pk))
    say(checked.summary, level="info" if checked.verdict is Verdict.PASSED else "warning")
    evidence = (*before, *checked.evidence)
    if checked.verdict is not Verdict.PASSED:
        evidence += _logs(environment, instance)
    return Outcome(checked.verdict, checked.summary, False, instance.pk, checked.cure, evidence)


def preview(environment: Environment, instance: Instance) -> Checked:
    """Look at health and pages at the preview address, under the name of the stable one."""
    plan, marks = instance.release.run_plan, logs.marks(place.instance_folder(instance.pk))
    if "web" not in plan.get("processes", {}):
        return Checked(Verdict.PASSED, "It has no web process; its processes run.")
    target = Target(_preview_port(instance), place.stable_host(environment))
    pages = looking.pages_of(target, plan, CHECK_SECONDS)
    health = probes.get(target, plan["health_path"], deadline=CHECK_SECONDS) if plan.get("health_path") else None
    checked = checks.judge(health, pages)
    troubles = watching.new_troubles(instance, marks)
    if troubles and checked.verdict is not Verdict.FAILED:
        text = f"Its log has {len(troubles)} tracebacks, the last: {redact(troubles[-1].title)}."
        return Checked(Verdict.FAILED, text, "Read the traceback in the log.", checked.evidence)
    return checked


def _preview_port(instance: Instance) -> int:
    """The preview address: through the proxy, as it will be once live; its own port where that could not be opened."""
    port = instance.port or 0
    return ports.preview_of(port) if ports.accepts(ports.preview_of(port)) else port


def _logs(environment: Environment, instance: Instance) -> tuple[Evidence, ...]:
    return waiting.log_evidence(instance, place.secrets_of(environment, instance.release))


def _unconfirmed(environment: Environment, instance: Instance) -> Outcome:
    text = f"The host did not confirm that port {environment.port} leads to {instance.release.label}."
    cure = "Start the host (`manage.py up`), and free the port if another program listens there."
    return Outcome(Verdict.INCONCLUSIVE, text, switched=True, instance_id=instance.pk, cure=cure)


def _sentence(release: Release, judgement: rollout.Judgement) -> str:
    if judgement.verdict is Verdict.PASSED:
        return f"{release.label} answers as it should: " + "; ".join(
            f"{metric.name} {metric.reason}" for metric in judgement.metrics if metric.name in {"success ratio", "latency p99"}
        )
    return f"{release.label}: {judgement.summary}."
