"""How the scene is built: applications, releases, runs with their story, deployments, running copies with samples."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta
from typing import Any

from agents import events
from agents.models import Run, Step
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Role
from tests.journeys import evidence as e
from tests.journeys.evidence import Found
from workloads.models import (
    Application,
    Deployment,
    Environment,
    Instance,
    Release,
    Sample,
)
from workloads.verdicts import Verdict

PASSWORD = "correct horse battery staple"
RUN_PLAN = {
    "settings_module": "storefront.settings",
    "processes": {
        "web": ["gunicorn", "storefront.wsgi:application", "--bind", "127.0.0.1:{port}", "--workers", "2"],
        "worker": ["celery", "-A", "storefront", "worker"],
    },
    "release_steps": [
        {"name": "migrate", "run": ["python", "manage.py", "migrate", "--no-input"], "when": "release"},
        {"name": "collectstatic", "run": ["python", "manage.py", "collectstatic", "--no-input"], "when": "release"},
    ],
    "health_path": "/healthz",
    "pages": ["/"],
}


class Stage:
    """Builds the scene; `now` is the moment everything is told from."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.people = {name: _person(name, *roles) for name, roles in CAST.items()}
        self.environments: dict[str, Environment] = {}
        self.runs: dict[str, Run] = {}

    def before(self, **ago: float) -> datetime:
        """A time that long ago."""
        return self.now - timedelta(**ago)

    def application(self, name: str, tiers: dict[str, str], *, first_port: int) -> Application:
        """An application with its environments."""
        application = Application.objects.create(name=name, repository=f"/srv/git/{name}", understood=UNDERSTOOD)
        for offset, (environment, tier) in enumerate(tiers.items()):
            self.environments[f"{name}/{environment}"] = Environment.objects.create(
                application=application, name=environment, tier=tier, port=first_port + offset
            )
        return application

    def release(self, application: Application, ref: str, message: str, **configuration: Any) -> Release:
        """A version that was built."""
        digest = hashlib.sha256(f"{application.name}{ref}".encode()).hexdigest()
        values = {"EMAIL_HOST": {"value": "mail.example.org", "secret": False}, **configuration}
        return Release.objects.create(
            application=application,
            ref=ref,
            commit=digest[:40],
            commit_author="Dana Ruiz <dana@example.org>",
            authored_at=self.before(hours=30),
            message=message,
            artefact_digest=digest,
            configuration_digest=hashlib.sha256(repr(sorted(values)).encode()).hexdigest(),
            configuration=values,  # type: ignore[misc]  # sealed JSON is plain in Python
            run_plan=RUN_PLAN if ref != "v2" else {**RUN_PLAN, "processes": {**RUN_PLAN["processes"], "web": WIDER}},  # type: ignore[dict-item]
        )

    def run(self, name: str, where: str, workflow: str, status: str, found: dict[str, Found], **more: Any) -> Run:
        """A run with its steps and story; `ref`, `minutes` (since it began), `by`, `summary`, `cure`, `open` (a node at work)."""
        minutes, by = more.get("minutes", 60.0), more.get("by", "alice")
        begun = self.before(minutes=minutes)
        run = Run.objects.create(
            workflow=workflow,
            environment=self.environments[where],
            status=Run.Status.QUEUED,
            input={"ref": more["ref"]} if "ref" in more else {},
            result={key: more[key] for key in ("summary", "cure") if key in more},
            requested_by=self.people.get(by),
            requested_by_label=by,
            idempotency_key=f"scene-{name}",
        )
        at = begun
        if found or more.get("open"):
            at = self._tell(run, found, more.get("open", ""), begun)
        ended = at if status in Run.ENDED else None
        Run.objects.filter(pk=run.pk).update(
            status=status,
            created_at=begun,
            started_at=begun if found or more.get("open") else None,
            finished_at=ended or (begun if status in Run.ENDED else None),
            lease_expires_at=self.now + timedelta(days=1) if status == Run.Status.RUNNING else None,
            waiting_for=more.get("waiting_for"),
        )
        run.refresh_from_db()
        self.runs[name] = run
        return run

    def _tell(self, run: Run, found: dict[str, Found], open_node: str, at: datetime) -> datetime:
        """Steps and lines one after another; the five checks side by side."""
        story = [events.Line(at, f"{run.requested_by_label} asked for {run.workflow} in {run.environment}.", kind="status")]
        longest = at
        for node, part in found.items():
            start = at if node in e.CHECKS else longest
            end = start + timedelta(seconds=part.seconds)
            self.step(run, node, part, start, end)
            level = "error" if part.verdict == Verdict.FAILED else "warning" if part.verdict == Verdict.INCONCLUSIVE else "info"
            spread = part.seconds / (len(part.lines) + 1)
            story += [events.Line(start + timedelta(seconds=spread * n), text, node, "line") for n, text in enumerate(part.lines)]
            story.append(events.Line(end, part.summary, node, "note", level))
            longest = max(longest, end)
            at = at if node in e.CHECKS else end
        if open_node:
            start = at if open_node in e.CHECKS else longest
            waiting = Step.Status.WAITING if open_node in ("approval", "answer") else Step.Status.RUNNING
            Step.objects.create(run=run, node=open_node, status=waiting, started_at=start)
            if open_node == "testing":
                story.append(events.Line(longest, "python -m pytest -q --cov", open_node, "line"))
        events.append(run.pk, sorted(story, key=lambda line: line.at))
        return longest

    def step(self, run: Run, node: str, part: Found, start: datetime, end: datetime) -> None:
        """One node that is done."""
        Step.objects.create(
            run=run,
            node=node,
            status=Step.Status.DONE,
            verdict=part.verdict,
            summary=part.summary,
            cure=part.cure,
            evidence=[piece.as_json() for piece in part.evidence],
            started_at=start,
            finished_at=end,
        )

    def deployment(self, where: str, release: Release, status: str, verdict: str, **more: Any) -> Deployment:
        """One attempt; `minutes` since it began, `run`, `kind`, `automatic`, `previous`, `summary`."""
        begun = self.before(minutes=more.get("minutes", 60.0))
        found = Deployment.objects.create(
            environment=self.environments[where],
            release=release,
            kind=more.get("kind", Deployment.Kind.ROLL_OUT),
            automatic=more.get("automatic", False),
            status=status,
            verdict=verdict,
            verified_at=begun + timedelta(seconds=48) if verdict == Verdict.PASSED else None,
            evidence={"summary": more.get("summary", "")},
            previous=more.get("previous"),
            run_number=more["run"].pk if "run" in more else None,
            started_at=begun,
            finished_at=begun + timedelta(seconds=48),
        )
        Deployment.objects.filter(pk=found.pk).update(created_at=begun)
        return found

    def instance(self, where: str, release: Release, *, errors: int = 0, crashing: bool = False) -> Instance:
        """A running copy with half an hour of samples."""
        environment = self.environments[where]
        processes: dict[str, dict[str, Any]] = {
            "web": {"pid": 4000 + environment.pk, "restarts": 0},
            "worker": {"pid": 4100 + environment.pk, "restarts": 1},
        }
        if crashing:
            processes["worker"] = {"restarts": 7, "next_start_at": self.now.isoformat()}
        status = Instance.Status.CRASHING if crashing else Instance.Status.RUNNING
        made = Instance.objects.create(
            environment=environment,
            release=release,
            key=f"scene-{where}",
            folder=f"/var/lib/timonel/releases/{environment.pk}",
            port=9100 + environment.pk,
            status=status,
            processes=processes,
            observed_at=self.now,
        )
        Environment.objects.filter(pk=environment.pk).update(active_instance=made, routed_instance=made)
        Sample.objects.bulk_create([*self._samples(made, "web", errors), *self._samples(made, "worker", 0)])
        return made

    def _samples(self, instance: Instance, process: str, errors: int) -> list[Sample]:
        """One sample every 15 s, with a gap of three minutes in which nothing was measured."""
        samples = []
        for n in range(120):
            if 60 <= n < 72:
                continue
            wave = 1 + math.sin(n / 9 + instance.pk)
            samples.append(
                Sample(
                    instance=instance,
                    at=self.before(seconds=15 * n),
                    process=process,
                    cpu_percent=round(4 + 11 * wave, 1) if process == "web" else 1.5 + wave,
                    memory_bytes=int((88 + 4 * wave) * 2**20) if process == "web" else 61 * 2**20,
                    requests=int(180 + 150 * wave) if process == "web" else None,
                    errors=(errors if n < 20 else 0) if process == "web" else None,
                    latency_p99_ms=70 + 20 * wave if process == "web" else None,
                )
            )
        return samples


CAST = {"alice": [Role.OPERATOR], "bob": [Role.APPROVER], "carol": [], "mallory": [], "ada": [Role.ADMINISTRATOR]}
WIDER = ["gunicorn", "storefront.wsgi:application", "--bind", "127.0.0.1:{port}", "--workers", "4"]
UNDERSTOOD = {
    "settings_module": "storefront.settings",
    "django_version": "5.2.8",
    "python_request": ">=3.12",
    "python_because": "pyproject.toml: requires-python",
    "requirements": {"manager": "uv", "files": ["pyproject.toml", "uv.lock"]},
    "processes": {"web": "gunicorn storefront.wsgi", "worker": "celery -A storefront worker"},
    "health_path": "/healthz",
    "tests": "pytest",
    "notes": ["npm run build was found in package.json and is proposed as a build step."],
}


def _person(name: str, *roles: str) -> User:
    user, made = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.org", "is_staff": name == "ada"})
    if made:
        user.set_password(PASSWORD)
        user.save()
    for role in roles:
        RoleBinding.objects.get_or_create(user=user, role=role, scope="*")
    return user
