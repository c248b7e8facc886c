"""The real operations from the gate on, with a driver that writes down what it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents import housekeeping, runner, runs
from agents.context import Context
from agents.models import Run
from agents.operations import RealOperations
from agents.operations.planning import BRINGS
from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.workloads.stage import RecordingDriver, Stage, decide, kinds, stage
from workloads import changes
from workloads.drivers import Outcome, Say
from workloads.evidence import Assessment, Evidence
from workloads.models import Change, Deployment, Environment, Incident, Instance
from workloads.previews import Facts
from workloads.verdicts import Verdict

PASSED = Assessment(Verdict.PASSED, "Good.")


@dataclass
class Watched(RecordingDriver):
    """Its watching says what the test wants, release by release."""

    says: dict[str, Verdict] = field(default_factory=dict)

    def observe(self, environment: Environment, instance: Instance, seconds: float, say: Say) -> Outcome:
        self._do("observe", str(instance.pk))
        verdict = self.says.get(instance.release.ref, Verdict.PASSED)
        return Outcome(verdict, f"{instance.release.ref}: {verdict.label}.", switched=True, instance_id=instance.pk)


class FromTheGateOn(RealOperations):
    """Release instead of source: what comes before the gate is made up."""

    def __init__(self, place: Stage) -> None:
        self.place = place

    def checkout(self, context: Context, ref: str) -> Assessment:
        return Assessment(Verdict.PASSED, ref, data={"commit": "0" * 40})

    def assess(self, context: Context, specialist: str, commit: str) -> Assessment:
        return PASSED

    def plan(self, context: Context, commit: str, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
        release = self.place.release(Run.objects.get(pk=context.run).input["ref"])
        return Assessment(
            Verdict.PASSED, "Planned.", evidence=(Evidence(BRINGS, "json", Facts().as_json()),), data={"release": release.pk}
        )


@dataclass
class Play:
    """Runs of one environment."""

    place: Stage
    driver: Watched
    operations: FromTheGateOn

    def ask(self, ref: str = "", actor: Actor | None = None) -> Run:
        workflow = "deploy" if ref else "rollback"
        key = f"play-{Run.objects.count()}"
        return runs.start(actor or Actor.system("terminal"), self.place.environment, workflow, {"ref": ref}, idempotency_key=key)

    def drive(self, run: Run) -> Run:
        runner.drive(run.pk, self.operations)
        run.refresh_from_db()
        return run

    def deploy(self, ref: str) -> Run:
        return self.drive(self.ask(ref))

    @property
    def live(self) -> tuple[str, str]:
        found = Deployment.objects.get(environment=self.place.environment, status="live")
        return found.release.ref, found.verdict


@pytest.fixture
def play(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Play]:
    def begin(tier: str = "local") -> Play:
        place = stage(tier, name=tier)
        driver = Watched()
        for use_case in (changes.apply, changes.verify):
            defaults = use_case.__kwdefaults__
            assert defaults is not None
            monkeypatch.setitem(defaults, "drivers", lambda environment: driver)
        return Play(place, driver, FromTheGateOn(place))

    return begin


def test_a_release_is_gated_applied_watched_and_promoted(play: Callable[..., Play]) -> None:
    scene = play()
    run = scene.deploy("v1")
    assert (run.status, scene.live) == ("succeeded", ("v1", "passed")), run.result
    assert kinds(scene.driver.calls) == ["stage", "switch", "observe"]
    assert Deployment.objects.get().verified_at is not None
    assert run.result["deployment"] == Deployment.objects.get().pk


def test_what_fails_its_verification_is_rolled_back_with_an_incident_and_a_hold(play: Callable[..., Play]) -> None:
    scene = play()
    scene.deploy("v1")
    scene.driver.says = {"v2": Verdict.FAILED}
    run = scene.deploy("v2")
    assert (run.status, scene.live) == ("rolled_back", ("v1", "passed")), run.result
    assert Incident.objects.get().status == Incident.Status.MITIGATED
    assert Environment.objects.get().held_at is not None
    assert "v1 is live again" in run.result["summary"]


def test_the_first_release_that_fails_its_verification_stays_and_it_is_said(play: Callable[..., Play]) -> None:
    scene = play()
    scene.driver.says = {"v1": Verdict.FAILED}
    run = scene.deploy("v1")
    assert (run.status, scene.live) == ("failed", ("v1", "failed"))
    assert "nothing to roll back to" in run.result["summary"]
    assert Incident.objects.get().status == Incident.Status.OPEN


@pytest.mark.parametrize(("before", "status", "incident"), [(True, "rolled_back", "mitigated"), (False, "failed", "open")])
def test_what_does_not_come_up_never_gets_traffic(before: bool, status: str, incident: str, play: Callable[..., Play]) -> None:
    scene = play()
    if before:
        scene.deploy("v1")
    scene.driver.fail = {"stage": "no"}
    run = scene.deploy("v2")
    assert (run.status, Incident.objects.get().status) == (status, incident)
    assert Deployment.objects.filter(status="live").exists() is before
    scene.driver.fail = {}
    assert scene.deploy("v3").status == "succeeded"


def test_production_waits_for_bob_and_his_no_ends_it(play: Callable[..., Play], alice: User, bob: User) -> None:
    scene = play("production")
    for decision, status in (("approve", "succeeded"), ("reject", "refused")):
        run = scene.drive(scene.ask("v1", Actor.person(alice)))
        assert run.status == Run.Status.WAITING
        assert run.waiting_for is not None
        decide(run.waiting_for, bob, decision, reason="I looked at it.")
        housekeeping.wake_waiting_for(run.waiting_for.pk)
        assert scene.drive(run).status == status
        assert "bob" in run.steps.get(node="approval").summary


@pytest.mark.parametrize(("answer", "live"), [("approve", ("v2", "inconclusive")), ("reject", ("v1", "passed"))])
def test_an_inconclusive_release_is_kept_or_taken_back_as_a_person_says(
    answer: str, live: tuple[str, str], play: Callable[..., Play], bob: User
) -> None:
    scene = play()
    scene.deploy("v1")
    scene.driver.says = {"v2": Verdict.INCONCLUSIVE}
    run = scene.deploy("v2")
    assert run.status == Run.Status.WAITING
    assert run.waiting_for is not None
    decide(run.waiting_for, bob, answer)
    housekeeping.wake_waiting_for(run.waiting_for.pk)
    run = scene.drive(run)
    assert (run.status, scene.live) == ("succeeded" if answer == "approve" else "rolled_back", live), run.result


def test_a_rollback_returns_to_the_last_verified_release_and_is_never_rolled_back(play: Callable[..., Play]) -> None:
    scene = play()
    scene.deploy("v1")
    scene.deploy("v2")
    run = scene.drive(scene.ask())
    assert (run.status, scene.live) == ("succeeded", ("v1", "passed"))
    scene.driver.says = {"v2": Verdict.FAILED}
    scene.deploy("v3")
    scene.driver.says = {"v1": Verdict.FAILED}
    run = scene.drive(scene.ask())
    assert (run.status, scene.live) == ("failed", ("v1", "failed"))
    assert "never rolled back" in run.result["summary"]


def test_a_rollback_without_a_target_says_why(play: Callable[..., Play]) -> None:
    scene = play()
    scene.deploy("v1")
    run = scene.drive(scene.ask())
    assert run.status == Run.Status.FAILED
    assert "nothing to return to" in run.result["summary"]


def test_a_change_that_no_longer_holds_is_a_refusal(play: Callable[..., Play], alice: User, bob: User) -> None:
    scene = play("production")
    run = scene.drive(scene.ask("v1", Actor.person(alice)))
    assert run.waiting_for is not None
    decide(run.waiting_for, bob)
    Environment.objects.update(port=9999)  # the target moves between the approval and the effect
    housekeeping.wake_waiting_for(run.waiting_for.pk)
    run = scene.drive(run)
    assert (run.status, run.steps.last().node) == ("refused", "report")  # type: ignore[union-attr]
    assert "moved" in run.result["summary"]
    assert scene.driver.calls == []


def test_cancelling_withdraws_the_change_and_takes_back_what_got_traffic(play: Callable[..., Play], admin: User) -> None:
    scene = play()
    scene.deploy("v1")
    scene.driver.says = {"v2": Verdict.INCONCLUSIVE}
    run = scene.deploy("v2")
    runs.cancel(Actor.person(admin), run)
    scene.driver.says = {}
    run = scene.drive(run)
    assert (run.status, scene.live) == ("cancelled", ("v1", "passed")), run.result
    assert not Change.objects.filter(status__in=Change.OPEN).exists()


def test_what_a_broken_run_left_half_done_is_settled_by_the_next(play: Callable[..., Play]) -> None:
    scene = play()
    scene.deploy("v1")

    def break_down(step: str) -> None:
        raise RuntimeError(f"nobody foresaw this in {step}")

    scene.driver.before = break_down
    broken = scene.deploy("v2")
    assert broken.status == Run.Status.FAILED
    assert Change.objects.filter(status=Change.Status.APPLYING).exists()
    scene.driver.before = lambda step: None
    run = scene.deploy("v3")
    assert (run.status, scene.live) == ("succeeded", ("v3", "passed")), run.result
    assert Deployment.objects.get(release__ref="v2").status == Deployment.Status.FAILED


def test_a_broken_apply_goes_on_where_it_was_when_it_is_retried(play: Callable[..., Play], admin: User) -> None:
    scene = play()

    def break_down(step: str) -> None:
        if step == "switch":
            raise RuntimeError("nobody foresaw this")

    scene.driver.before = break_down
    run = scene.deploy("v1")
    assert run.status == Run.Status.FAILED
    scene.driver.before = lambda step: None
    runs.retry(Actor.person(admin), run)
    assert (scene.drive(run).status, scene.live) == ("succeeded", ("v1", "passed"))
    assert kinds(scene.driver.calls) == ["stage", "switch", "observe"]
