"""The demonstration: the sample application registered, deployed to `local`, and waiting for approval in `staging`."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx
from django.conf import settings

from agents import runs
from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.embedded import progress
from controlplane.embedded.screen import Screen
from workloads import catalog, sample
from workloads.models import Application, Deployment, Environment

NAME, REF = "harbour", "v1"
ACTOR = Actor.system("demo")
DEPLOY_SECONDS = 900
ANSWER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Demo:
    """One showing of it."""

    screen: Screen

    def run(self) -> int:
        """Bring the sample live and ask it for a page; return 0 only when it answered 200."""
        environment = self._environment()
        if live_release(environment) is None:
            run = self._deploy(environment)
            if run.status != Run.Status.SUCCEEDED:
                self._explain(run)
                return 1
        return 0 if self._visit(environment) else 1

    def offer_staging(self) -> None:
        """Ask for the same version in `staging`, so that there is something to approve in the inbox."""
        environment = environment_of("staging") or catalog.add_environment(
            ACTOR, Application.objects.get(name=NAME), "staging", Environment.Tier.STAGING
        )
        if Run.objects.filter(environment=environment).exists():
            return
        run = runs.start(ACTOR, environment, "deploy", {"ref": REF}, idempotency_key=f"demo-{environment.pk}")
        self.screen.line("note", f"Asked for {REF} in staging: it will wait for your approval in the inbox (run {run.pk})")

    def _environment(self) -> Environment:
        found = environment_of("local")
        if found is not None:
            return found
        with self.screen.step("Registering the sample application") as outcome:
            repository = sample.materialise(settings.DATA_DIR / "sample" / NAME)
            registered = catalog.register(ACTOR, NAME, str(repository), default_ref=REF)
            outcome.detail = f"{NAME}, from {repository}"
        return registered.environment

    def _deploy(self, environment: Environment) -> Run:
        asked = Run.objects.filter(environment=environment).count()
        going_on = Run.objects.filter(environment=environment, finished_at__isnull=True).first()
        run = going_on or runs.start(ACTOR, environment, "deploy", {"ref": REF}, idempotency_key=f"demo-{environment.pk}-{asked}")
        self.screen.line("note", f"Deploying {NAME} {REF} to {environment.name} (run {run.pk})")
        return progress.follow(run.pk, self.screen, seconds=DEPLOY_SECONDS)

    def _explain(self, run: Run) -> None:
        self.screen.line("bad", f"Run {run.pk} is {run.get_status_display()}: {run.result.get('summary', 'no summary')}")
        if run.result.get("cure"):
            self.screen.line("note", str(run.result["cure"]))

    def _visit(self, environment: Environment) -> bool:
        address = f"http://127.0.0.1:{environment.port}/"
        end = time.monotonic() + ANSWER_SECONDS
        with self.screen.step(f"Asking the application at {address}") as outcome:
            said = ask(address)
            while said != "200" and time.monotonic() < end:
                time.sleep(0.2)
                said = ask(address)
            outcome.detail = said
        if said != "200":
            self.screen.line("bad", f"The application answered {said}. Its logs: {settings.DATA_DIR / 'instances'}")
        return said == "200"


def ask(address: str) -> str:
    """The status of the page that the address leads to, or why there was none."""
    try:
        return str(httpx.get(address, follow_redirects=True, timeout=10).status_code)
    except httpx.HTTPError as error:
        return type(error).__name__


def live_release(environment: Environment) -> str | None:
    """The label of the release that is live there."""
    live = Deployment.objects.filter(environment=environment, status=Deployment.Status.LIVE).select_related("release").first()
    return live.release.label if live else None


def environment_of(name: str) -> Environment | None:
    """An environment of the sample application."""
    return Environment.objects.filter(application__name=NAME, name=name).first()
