"""A stage for the tests of changes: an application, its environments, releases, and a driver that writes down what it is told."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from controlplane.core.actors import Actor
from controlplane.core.errors import OutsideError
from controlplane.core.models import User
from workloads import actions, changes, deployments
from workloads.drivers import Driver, Outcome, Say
from workloads.foreseen import Foreseen
from workloads.models import Application, Change, Deployment, Environment, Instance, Release
from workloads.previews import Facts
from workloads.verdicts import Verdict

_numbers = itertools.count(1)
SYSTEM = Actor.system("test")


def quiet(text: str, *, kind: str = "note", level: str = "info") -> None:
    """Nobody listens."""


@dataclass
class RecordingDriver:
    """Keeps its promise: the same key finds what the first call did. `calls` are those that did something."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    fail: dict[str, str] = field(default_factory=dict)
    unsure: bool = False
    world: Foreseen | None = None
    before: Callable[[str], None] = lambda step: None

    def foresee(self, environment: Environment, release: Release, *, returning: bool = False) -> Foreseen | None:
        return self.world

    def complete(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        return self._do("complete", key) or Outcome(Verdict.PASSED, "All of it.", switched=True, instance_id=instance.pk)

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
        refused = self._do("stage", key)
        if refused:
            return refused
        instance, _ = Instance.objects.get_or_create(
            key=key, defaults={"environment": environment, "release": release, "folder": "/nowhere"}
        )
        verdict, summary = (Verdict.INCONCLUSIVE, "Only 404.") if self.unsure else (Verdict.PASSED, "Staged.")
        return Outcome(verdict, summary, switched=False, instance_id=instance.pk)

    def switch(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        refused = self._do("switch", key)
        return refused or self._give_traffic_to(environment, instance, remember=True)

    def observe(self, environment: Environment, instance: Instance, seconds: float, say: Say) -> Outcome:
        self._do("observe", str(instance.pk))
        return Outcome(Verdict.PASSED, "It answers.", switched=True, instance_id=instance.pk)

    def undo(self, environment: Environment, instance: Instance, key: str, say: Say) -> Outcome:
        refused = self._do("undo", key)
        if refused:
            return refused
        assert instance.replaced is not None
        return self._give_traffic_to(environment, instance.replaced, remember=False)

    def retire(self, environment: Environment, instance: Instance) -> None:
        self._do("retire", instance.key)

    def _do(self, step: str, key: str) -> Outcome | None:
        self.before(step)
        if self.fail.get(step) == "error":
            raise OutsideError("The disk is full.", cure="Free some space.")
        if (step, key) not in self.calls:
            self.calls.append((step, key))
        return Outcome(Verdict.FAILED, f"No {step}.", switched=False) if step in self.fail else None

    @staticmethod
    def _give_traffic_to(environment: Environment, instance: Instance, *, remember: bool) -> Outcome:
        row = Environment.objects.get(pk=environment.pk)
        if remember and row.active_instance_id != instance.pk:
            Instance.objects.filter(pk=instance.pk).update(replaced=row.active_instance)
        Environment.objects.filter(pk=environment.pk).update(active_instance=instance)
        return Outcome(Verdict.PASSED, "Switched.", switched=True, instance_id=instance.pk)


@dataclass(frozen=True)
class Stage:
    """Where a test plays."""

    environment: Environment
    driver: RecordingDriver

    def release(self, ref: str, **values: Any) -> Release:
        """A release of the application."""
        given = {
            "commit": f"{next(_numbers):040x}",
            "commit_author": "Dan Author <dan@example.org>",
            "authored_at": datetime(2026, 1, 1, tzinfo=UTC),
            "artefact_digest": "a" * 64,
            "configuration_digest": "c" * 64,
            "configuration": {"GREETING": {"value": "hello", "secret": False}},
            "run_plan": {"processes": {"web": ["gunicorn", "shop.wsgi"]}},
        }
        return Release.objects.create(application=self.environment.application, ref=ref, **{**given, **values})

    def propose(self, release: Release, *, by: User | None = None, facts: Facts | None = None, **more: Any) -> Change:
        """A roll-out of the release, as its run proposes it."""
        actor = Actor.person(by) if by else SYSTEM
        draft = actions.roll_out(release, facts or Facts())
        self.environment.refresh_from_db()
        more.setdefault("idempotency_key", f"proposal-{next(_numbers)}")
        preview = actions.preview(self.environment, [draft])
        judgement = replace(changes.judge(actor, self.environment, draft), **more.pop("judged", {}))
        return changes.propose(actor, self.environment, f"Roll out {release.label}", [draft], preview, judgement, **more)

    def apply(self, change: Change, *, key: str = "", lease: int = 1) -> Outcome:
        """Apply it as its run does."""
        return changes.apply(change.pk, key=key or f"key-{change.pk}", fence=lease, say=quiet, drivers=self.drivers)

    def drivers(self, environment: Environment) -> Driver:
        """The recording driver, whatever the environment."""
        return self.driver

    def live(self, release: Release, verdict: Verdict = Verdict.PASSED) -> Deployment:
        """The release rolled out, verified with this verdict, live."""
        change = self.propose(release, judged={"policy_approves": True, "refused_because": ""})
        assert self.apply(change).switched
        deployment = Deployment.objects.get(change=change)
        deployments.mark_live(SYSTEM, deployment, verdict)
        deployment.refresh_from_db()
        return deployment


def stage(tier: str = "production", name: str = "production", application: str = "shop") -> Stage:
    """A stage in an environment of this tier."""
    owner, _ = Application.objects.get_or_create(name=application, defaults={"repository": "/nowhere"})
    return Stage(Environment.objects.create(application=owner, name=name, tier=tier), RecordingDriver())


def decide(
    change: Change, person: User, decision: str = "approve", *, shown: str | None = None, reason: str = "I read it."
) -> Change:
    """What a person does who read the page."""
    shown = change.preview_sha256 if shown is None else shown
    return changes.decide(Actor.person(person), change.pk, decision, shown_sha256=shown, reason=reason)


def long_ago(change: Change) -> None:
    """Let its time be over."""
    Change.objects.filter(pk=change.pk).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))


def kinds(calls: Sequence[tuple[str, str]]) -> list[str]:
    """What the driver did, in order."""
    return [step for step, _ in calls]
